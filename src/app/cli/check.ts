/** Runs the program with `check` alone. `scripts/build-check.mjs` makes one script of it, which starts sooner. */
import { buildProgram } from './build_program.ts';
import { checkCommand } from './commands/check.ts';
import { run } from './run.ts';

void run(buildProgram([checkCommand]));
