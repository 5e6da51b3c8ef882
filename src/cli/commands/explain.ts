import { Command } from 'commander';
import { type Code, codes } from '../../diagnostics/codes.ts';
import { failure } from '../../diagnostics/failure.ts';
import { nearest } from '../../text/nearest.ts';
import { jsonOption, withExample } from '../options.ts';
import { answer, answerJson } from '../report.ts';

export function explainCommand(program: Command): void {
  const command = new Command('explain')
    .description(
      'what a message means, by the code in brackets behind it; or what a kind computes, or a word of the language means',
    )
    .argument('<code|kind|word>', 'such as `shape-mismatch`, `senet` or `retrieve`')
    .addOption(jsonOption())
    .action(async (word: string, { json }: { json?: boolean }) => {
      const name = word.replace(/^\[(.*)\]$/, '$1');
      const { kindNames, kindsAround, kindsNamed } = await import('../../reference/kinds.ts');
      const named = kindsNamed(name);
      const kinds = named.length > 0 ? named : kindsAround(name);
      const { words, wordsNamed, wordText } = await import('../../reference/words.ts');
      const found = wordsNamed(name);
      if (kinds.length > 0 || found.length > 0) {
        const { kindJson, kindText } = await import('../views/kind.ts');
        if (json) return answerJson([...kinds.map(kindJson), ...found]);
        return answer([...kinds.map(kindText), ...found.map(wordText)].join('\n\n\n'));
      }
      const { explain } = await import('../../explain/examples.ts');
      const explained = Object.hasOwn(codes, name) ? explain(name as Code) : undefined;
      if (!explained) {
        const known = [...Object.keys(codes), ...kindNames(), ...words.map(({ word }) => word)];
        throw failure('unknown-name', { what: 'code, kind or word', name, nearest: nearest(name, known) });
      }
      if (json) return answerJson(explained);
      const { explanationText } = await import('../views/explanation.ts');
      answer(explanationText(explained));
    });
  program.addCommand(withExample(command, 'tower explain shape-mismatch', 'tower explain senet'));
}
