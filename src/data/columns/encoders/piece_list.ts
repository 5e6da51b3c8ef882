/** Whether the lines of a vocabulary are what a text is cut into: a line that is not would be a row that no text reads. */
import type { Encoder } from '../../../plan/plan.ts';
import { bigramsOf } from './bigrams.ts';
import type { Split } from './pieces.ts';
import { wordsOf } from './words.ts';

const splits: Readonly<Record<string, { readonly what: string; readonly isOne: (line: string) => boolean }>> = {
  words: { what: 'a word in lower case, such as `night`', isOne: (line) => isWhole(line, wordsOf) },
  bigrams: {
    what: 'a word in lower case, or two with a blank between them, such as `new york`',
    isOne: (line) => isWhole(line, wordsOf) || bigramsOf(line)[1] === line,
  },
  trigrams: {
    what: 'three letters of `#word#` in lower case, such as `#ni`',
    isOne: (line) => [...line].length === 3 && isWhole(line.replace(/^#|#$/g, ''), wordsOf),
  },
};

const isWhole = (line: string, split: Split): boolean => {
  const [first, ...more] = split(line);
  return first === line && more.length === 0;
};

/** What is wrong with the first line that is no piece, as the rest of "cannot be read: …"; nothing where all are pieces. */
export function strangeLine({ kind }: Encoder, lines: readonly string[]): string | undefined {
  const split = splits[kind];
  const at = split ? lines.findIndex((line) => !split.isOne(line)) : -1;
  return at < 0 ? undefined : `line ${at + 1}, ${JSON.stringify(lines[at]!.slice(0, 40))}, is not ${split!.what}`;
}
