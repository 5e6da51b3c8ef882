/** Words of the grammar and entries of its declarations: what `tower explain` says of each. */
import type { DeclarationRow } from '../../compiler/library/declarations/entry.ts';
import { declarations, entryTables } from '../../compiler/library/declarations/table.ts';

export interface Word {
  readonly word: string;
  /** What it is: "declaration", "entry of `train`". */
  readonly what: string;
  readonly doc: string;
  readonly example: string;
}

/** Plain words that people ask for, and the word that answers. */
const aliases: Readonly<Record<string, string>> = {
  feature: 'features',
  column: 'columns',
  key: 'keyed',
  history: 'past',
};

/** Every word, the declarations first. A word may be an entry of one declaration and a word of another. */
export const words: readonly Word[] = [
  ...Object.entries<DeclarationRow>(declarations).flatMap(([word, { doc, example, words = {} }]) => [
    { word, what: word === 'shared' ? 'word before `block`' : 'declaration', doc, example },
    ...Object.entries(words).map(([inner, row]) => ({
      word: inner,
      what: row.what,
      doc: row.doc,
      example: row.example,
    })),
  ]),
  ...Object.entries(entryTables).flatMap(([place, table]) =>
    Object.entries(table).map(([word, { doc, example }]) => ({
      word,
      what: `entry of \`${place}\``,
      doc,
      example: `${word} = ${example}`,
    })),
  ),
];

export const wordsNamed = (name: string): readonly Word[] => {
  const meant = Object.hasOwn(aliases, name) ? aliases[name] : name;
  return words.filter(({ word }) => word === meant);
};

/** In the terminal: what it is, what it does, and how it is written. */
export function wordText({ word, what, doc, example }: Word): string {
  const lines = example.split('\n').map((line) => `  ${line}`);
  return [`${word} · ${what}`, doc, 'Example:', lines.join('\n')].join('\n\n');
}
