/** Runs the program with every command. */
import { makeProgram } from './program.ts';
import { run } from './run.ts';

await run(makeProgram());
