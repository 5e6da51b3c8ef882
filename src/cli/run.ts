/**
 * Runs the program. Each command is one file under `commands/`, and what it needs is loaded only when it is called, so that
 * `check` starts in milliseconds and never loads an engine.
 *
 * Exit codes: 0 done, 1 the user's input is wrong, 2 our failure; 130, 143 and 129 where SIGINT (Ctrl-C), SIGTERM or SIGHUP ended it.
 */
import { type Command, CommanderError } from 'commander';
import { reportFailure } from './report_failure.ts';
import { endBy, endIfStuck, Interrupted } from './signals.ts';
import { endWell } from './streams.ts';

export async function run(program: Command): Promise<void> {
  endWell();
  process.on('uncaughtException', (error) => process.exit(reportFailure(error)));
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof Interrupted) endBy(error);
    // Commander has written help and the version itself; asked for neither, `tower` alone shows its help.
    process.exitCode = error instanceof CommanderError ? (error.exitCode === 0 ? 0 : 1) : reportFailure(error);
    if (!(error instanceof CommanderError)) endIfStuck();
  }
}
