import type { Command } from 'commander';
import { failure } from '../../../base/diagnostics/diagnostic.ts';
import { findNearest } from '../../../base/text/nearest.ts';
import { withExample } from '../options.ts';

export function helpCommand(command: Command): void {
  command.argument('[command]', 'one of the commands above').action(async (name: string | undefined) => {
    const program = command.parent!;
    if (name === undefined) return program.outputHelp();
    const names = program.commands.map((subcommand) => subcommand.name());
    if (!names.includes(name))
      throw failure('unknown-name', { what: 'command', name, nearest: findNearest(name, names) });
    await program.parseAsync([name, '--help'], { from: 'user' });
  });
  withExample(command, 'tower help train');
}
