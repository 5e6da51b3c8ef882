#!/usr/bin/env node
/** The program `tower`. People and hooks run `check` often, and wait for it: it is a script of its own, which comes compiled. */
import { isBuilt, runCheck } from './compiled_check.ts';

if (process.argv[2] === 'check' && isBuilt()) runCheck();
else await import('./all.ts');
