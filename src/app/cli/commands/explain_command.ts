import { Command } from 'commander';
import { codeNamed, codes } from '../../../base/diagnostics/codes.ts';
import { failure } from '../../../base/diagnostics/failure.ts';
import { nearest } from '../../../base/text/nearest.ts';
import { jsonOption, withExample } from '../options.ts';
import { answerAsIs, answerJson } from '../report.ts';

export function explainCommand(program: Command): void {
  const command = new Command('explain')
    .description('explain a message by its code, a kind by its name, or a word of the language')
    .argument('<code|kind|word>', 'such as `shape-mismatch`, `senet` or `retrieve`')
    .addOption(jsonOption())
    .action(async (word: string, { json }: { json?: boolean }) => {
      const name = word.replace(/^\[(.*)\]$/, '$1');
      const { kindNames, kindsAround, kindsNamed } = await import('../../../editor/reference/examples.ts');
      const namedKinds = kindsNamed(name);
      const kinds = namedKinds.length > 0 ? namedKinds : kindsAround(name);
      const { words, wordsNamed, wordText } = await import('../../../editor/reference/reference_page.ts');
      const foundWords = wordsNamed(name);
      if (kinds.length > 0 || foundWords.length > 0) {
        const { kindJson, kindText, wrapped } = await import('../views/kind.ts');
        if (json) return answerJson([...kinds.map(kindJson), ...foundWords]);
        return answerAsIs(
          [...kinds.map(kindText), ...foundWords.map((each) => wrapped(wordText(each)))].join('\n\n\n'),
        );
      }
      const { readErrorPage } = await import('../../../compiler/explain/error_page.ts');
      const code = codeNamed(name);
      if (code === undefined) {
        const knownNames = [...Object.keys(codes), ...kindNames(), ...words.map(({ word }) => word)];
        throw failure('unknown-name', { what: 'code, kind or word', name, nearest: nearest(name, knownNames) });
      }
      const explained = readErrorPage(code);
      if (json) return answerJson(explained);
      const { explanationText } = await import('../views/kind.ts');
      const renamed = code === name ? [] : [`\`${name}\` is now called \`${code}\`.`];
      answerAsIs([...renamed, explanationText(explained)].join('\n\n'));
    });
  program.addCommand(withExample(command, 'tower explain shape-mismatch', 'tower explain senet'));
}
