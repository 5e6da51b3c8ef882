import { Command } from 'commander';
import { failure } from '../../../base/diagnostics/failure.ts';
import { nearest } from '../../../base/text/nearest.ts';
import { withExample } from '../options.ts';

export function helpCommand(program: Command): void {
  const command = new Command('help')
    .description('show the help of a command')
    .argument('[command]', 'one of the commands above')
    .action((name: string | undefined) => {
      if (name === undefined) return program.outputHelp();
      const namedCommand = program.commands.find((one) => one.name() === name);
      const names = program.commands.map((one) => one.name());
      if (!namedCommand) throw failure('unknown-name', { what: 'command', name, nearest: nearest(name, names) });
      namedCommand.outputHelp();
    });
  program.addCommand(withExample(command, 'tower help train'));
}
