#!/usr/bin/env node
/**
 * The program `tower`. Each command is one file under `commands/` and is loaded only when it is called, so that `check`
 * starts in milliseconds and never loads an engine.
 *
 * Exit codes: 0 done, 1 the user's input is wrong, 2 our failure.
 */
import { Command, CommanderError } from 'commander';
import { version } from '../api/version.ts';
import { commands } from './commands/table.ts';
import { reportFailure } from './report.ts';

const program = new Command('tower')
  .description('Declare, check, train, evaluate and export retrieval models.')
  .version(version)
  .showHelpAfterError('(run with --help for an example)')
  .showSuggestionAfterError()
  .exitOverride();

for (const command of commands) command(program);

try {
  await program.parseAsync();
} catch (error) {
  // Commander has already written its message; only --help and --version end well.
  process.exitCode = error instanceof CommanderError ? (error.exitCode === 0 ? 0 : 1) : reportFailure(error);
}
