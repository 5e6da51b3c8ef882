/** Runs the program with `check` alone. `scripts/build-check.mjs` makes one script of it, which starts sooner. */
import { checkCommand } from './commands/check.ts';
import { buildProgram, run } from './run.ts';

void run(buildProgram([checkCommand]));
