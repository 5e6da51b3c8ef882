/** Runs the program with every command. */
import { makeProgram } from './commands/table.ts';
import { run } from './run.ts';

await run(makeProgram());
