#!/usr/bin/env node
/**
 * The program `tower`. People and hooks run `check` often, and wait for it: it is a script of its own, which comes compiled.
 * The build makes a CommonJS file of this: Node.js starts one with less work than an ES module.
 */
import { isBuilt, runCheck } from './compiled_check.ts';

if (process.argv[2] === 'check' && isBuilt()) runCheck();
else void import('./all.ts');
