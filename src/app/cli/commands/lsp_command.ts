import type { Command } from 'commander';
import { withExample } from '../options.ts';

export function lspCommand(command: Command): void {
  command.option('--stdio', 'use stdin and stdout, as editors request; this is the only way').action(async () => {
    await import('../../../editor/lsp/main.ts');
  });
  withExample(command, 'tower lsp --stdio');
}
