import { Command } from 'commander';
import { withExample } from '../options.ts';

export function lspCommand(program: Command): void {
  const command = new Command('lsp')
    .description('start the language server for editors, over stdin and stdout')
    .option('--stdio', 'use stdin and stdout, as editors request; this is the only way')
    .action(async () => {
      await import('../../../editor/lsp/main.ts');
    });
  program.addCommand(withExample(command, 'tower lsp --stdio'));
}
