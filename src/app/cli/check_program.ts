/** Runs the program with only the command `check`. `scripts/build-check.mjs` makes a single script of it, which starts faster. */
import { checkCommand } from './commands/check_command.ts';
import { buildProgram, run } from './run.ts';

void run(buildProgram({ check: async () => checkCommand }));
