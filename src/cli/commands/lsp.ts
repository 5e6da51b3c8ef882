import { Command } from 'commander';
import { withExample } from '../options.ts';

export function lspCommand(program: Command): void {
  const command = new Command('lsp')
    .description('serve editors: the language server protocol over stdin and stdout')
    .option('--stdio', 'as editors ask for it; there is no other way')
    .action(async () => {
      await import('../../lsp/main.ts');
    });
  program.addCommand(withExample(command, 'tower lsp --stdio'));
}
