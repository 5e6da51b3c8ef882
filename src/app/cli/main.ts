#!/usr/bin/env node
/**
 * Starts the program `tower`. People and hooks often run `check` and wait for it, so it is a separate, precompiled script. The build makes a CommonJS file of
 * this module, because Node.js starts it with less work than an ES module.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';

// `tower check` is one script with cached code of V8, both written by `scripts/build-check.mjs`, because compiling the script took as long as the check. The
// name of the script has a hash of its text, and the name of the cached code also the version of Node.js, so the code is never used with another script. V8
// refuses code of another version, other flags or another length. Then, or if there is no code for this Node.js, the text is compiled.

/** The name of the script without its extension. The build inserts it; there is no such script in the sources. */
declare const checkScript: string;

const isBuilt = (): boolean => typeof checkScript !== 'undefined';

function runCheck(): void {
  const scriptPath = join(__dirname, checkScript);
  const filename = `${scriptPath}.script`;
  const code = codeAt(`${scriptPath}-${process.version}-${process.arch}.code`);
  // The text is ASCII, so reading it as Latin-1 saves decoding.
  const script = new Script(readFileSync(filename, 'latin1'), { filename, ...(code ? { cachedData: code } : {}) });
  if (code) optimizeLater();
  (script.runInThisContext() as (require: NodeJS.Require, folder: string) => void)(require, __dirname);
}

/**
 * Makes V8 optimize a function only after ten times its usual interrupt budget: most checks end before optimized code pays off, and checks of many or
 * long files get faster too. It is called after V8 has compared its flags with those of the cached code, and only for versions of Node.js with such
 * code, because V8 prints a message about an unknown flag.
 */
function optimizeLater(): void {
  const { setFlagsFromString } = require('node:v8') as typeof import('node:v8');
  setFlagsFromString('--interrupt-budget=675840');
}

function codeAt(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

if (process.argv[2] === 'check' && isBuilt()) runCheck();
else void import('./all.ts');
