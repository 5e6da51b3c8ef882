/** The program for commander. Mistakes of the command line become diagnostics. */
import { Command, type CommanderError } from 'commander';
import { failure } from '../../base/diagnostics/failure.ts';
import { version } from '../api/version.ts';
import { withExample } from './options.ts';

export type AddCommand = (program: Command) => void;

export function buildProgram(commands: readonly AddCommand[]): Command {
  const program = new Command('tower')
    .description('Declare, check, train, evaluate and export retrieval models.')
    .version(version)
    .helpCommand(false);
  for (const command of commands) command(program);
  withExample(
    program,
    'tower check models/two_tower.tower --data models/data/movielens.tower',
    'tower train --help',
  ).addHelpText(
    'after',
    '\nExit codes: 0 success, 1 a mistake in the input, 2 a failure of Tower itself, 130 stopped by Ctrl-C (143 by SIGTERM, 129 by SIGHUP).',
  );
  for (const command of [program, ...program.commands]) {
    command.configureOutput({ outputError: () => {} }).exitOverride((error) => throwAsFailure(command, error));
  }
  return program;
}

/** Help and the version are not mistakes. They are thrown on as they are. */
function throwAsFailure(command: Command, error: CommanderError): never {
  if (error.exitCode === 0 || error.code === 'commander.help') throw error;
  const [first, ...rest] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = /^\(Did you mean (?:one of )?(.*)\?\)$/.exec(rest.at(-1) ?? '')?.[1];
  throw failure('command-line', {
    message: first!.replaceAll(/'([^']*)'/g, '`$1`').replace(/\.$/, ''),
    suggestion,
    command: command.parent ? `${command.parent.name()} ${command.name()}` : command.name(),
  });
}
