import type { Command } from 'commander';
import { codes, findCode } from '../../../base/diagnostics/codes.ts';
import { failure } from '../../../base/diagnostics/diagnostic.ts';
import { findNearest } from '../../../base/text/nearest.ts';
import { readErrorPage } from '../../../compiler/explain/error_page.ts';
import { kindNames, kindsAround, kindsNamed } from '../../../editor/reference/examples.ts';
import { words, wordsNamed, wordText } from '../../../editor/reference/reference_page.ts';
import { jsonOption, withExample } from '../options.ts';
import { answerAsIs, answerJson } from '../report.ts';
import { explanationText, kindJson, kindText, wrapped } from '../views/kind.ts';

export function explainCommand(command: Command): void {
  command
    .argument('<code|kind|word>', 'such as `shape-mismatch`, `senet` or `retrieve`')
    .addOption(jsonOption())
    .action(async (word: string, { json }: { json?: boolean }) => {
      const name = word.replace(/^\[(.*)\]$/, '$1');
      const namedKinds = kindsNamed(name);
      const kinds = namedKinds.length > 0 ? namedKinds : kindsAround(name);
      const foundWords = wordsNamed(name);
      if (kinds.length > 0 || foundWords.length > 0) {
        if (json) return answerJson([...kinds.map(kindJson), ...foundWords]);
        return answerAsIs(
          [...kinds.map(kindText), ...foundWords.map((foundWord) => wrapped(wordText(foundWord)))].join('\n\n\n'),
        );
      }
      const code = findCode(name);
      if (code === undefined) {
        const knownNames = [...Object.keys(codes), ...kindNames(), ...words.map(({ word }) => word)];
        throw failure('unknown-name', { what: 'code, kind or word', name, nearest: findNearest(name, knownNames) });
      }
      const explained = readErrorPage(code);
      if (json) return answerJson(explained);
      const renamed = code === name ? [] : [`\`${name}\` is now called \`${code}\`.`];
      answerAsIs([...renamed, explanationText(explained)].join('\n\n'));
    });
  withExample(command, 'tower explain shape-mismatch', 'tower explain senet');
}
