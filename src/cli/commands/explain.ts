import { Command } from 'commander';
import { type Code, codes } from '../../diagnostics/codes.ts';
import { failure } from '../../diagnostics/failure.ts';
import { nearest } from '../../text/nearest.ts';
import { jsonOption, withExample } from '../options.ts';
import { answer, answerJson } from '../report.ts';

export function explainCommand(program: Command): void {
  const command = new Command('explain')
    .description('what a message means: its code stands in brackets behind it')
    .argument('<code>', 'such as `shape-mismatch`')
    .addOption(jsonOption())
    .action(async (word: string, { json }: { json?: boolean }) => {
      const name = word.replace(/^\[(.*)\]$/, '$1');
      const { explain } = await import('../../explain/examples.ts');
      const explained = Object.hasOwn(codes, name) ? explain(name as Code) : undefined;
      if (!explained) throw failure('unknown-name', { what: 'code', name, nearest: nearest(name, Object.keys(codes)) });
      if (json) return answerJson(explained);
      const { explanationText } = await import('../views/explanation.ts');
      answer(explanationText(explained));
    });
  program.addCommand(withExample(command, 'tower explain shape-mismatch'));
}
