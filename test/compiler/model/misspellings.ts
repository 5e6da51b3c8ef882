/** Words of the library, each in a model that checks, and the ways in which hands misspell a word. */
import type { Parameter } from '../../../src/compiler/library/contract.ts';
import { entryTables } from '../../../src/compiler/library/declarations/table.ts';
import { allKinds, exampleOf, type LibraryKind } from '../../../src/editor/reference/examples.ts';

/** A text without errors, and a word of the library in it. */
export interface Sample {
  readonly word: string;
  readonly text: string;
  readonly start: number;
}

/** One letter too many, missing, doubled, or swapped with the next; wrong case; the words run together. */
export function misspellings(word: string): string[] {
  const found = new Set<string>();
  for (let at = 0; at < word.length; at++) {
    const [before, letter, after] = [word.slice(0, at), word[at]!, word.slice(at + 1)];
    found.add(before + after);
    found.add(before + letter + letter + after);
    found.add(`${before}e${letter}${after}`);
    found.add(before + after.slice(0, 1) + letter + after.slice(1));
  }
  found.add(word.toUpperCase());
  found.add(word[0]!.toUpperCase() + word.slice(1));
  found.add(word.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()));
  found.add(word.replaceAll('_', ''));
  found.add(word.replaceAll('_', '-'));
  found.delete(word);
  return [...found].filter((one) => /^[A-Za-z_]/.test(one));
}

const data = `data d {
  events = "a.csv"
  items = "b.csv" by item_id
  users = "c.csv" by user_id
  where = "a > 1"
  time = "t"
  earlier = past(item_id, 5)
  split = by_time(validation: 10%, test: 10%)
  reject = 0.1
}
`;
const words = /[A-Za-z_]\w*/g;

/** Every kind, argument, choice and entry at least once. */
export function samples(): Sample[] {
  const texts = new Set(allKinds().flatMap((kind) => variationsOf(kind)));
  const known = new Set(wordsOfLibrary());
  const seen = new Set<string>();
  const found: Sample[] = [];
  for (const text of [...texts, data, data.replace('by_time', 'random'), data.replace(/by_time.*/, 'leave_one_out')]) {
    for (const { 0: word, index: start } of text
      .replace(/\/\/[^\n]*|"[^"\n]*"/g, (part) => ' '.repeat(part.length))
      .matchAll(words)) {
      // What a word is for shows in the words around it.
      const around = text
        .slice(0, start)
        .match(/[\w:=(]+\s*$/)?.[0]
        .trim();
      const key = `${word} ${around}`;
      if (!known.has(word) || seen.has(key)) continue;
      seen.add(key);
      found.push({ word, text, start });
    }
  }
  return found;
}

function wordsOfLibrary(): string[] {
  const own = allKinds().flatMap(({ name, row }) => [
    name,
    ...Object.entries(row.parameters).flatMap(([parameter, { type }]) => [
      parameter,
      ...(type.is === 'choice' ? type.of : type.is === 'kind' ? Object.keys(type.of) : []),
    ]),
  ]);
  return [
    ...own,
    ...Object.values(entryTables).flatMap((table) => Object.keys(table)),
    'by_time',
    'random',
    'leave_one_out',
    'validation',
    'test',
    'past',
    'binary',
    'number',
  ];
}

/** The model of a kind's example, and one for each argument that the example leaves out; those without errors. */
function variationsOf(kind: LibraryKind): string[] {
  const { example } = kind.row;
  const more = Object.entries(kind.row.parameters).flatMap(([name, parameter]) => {
    if (new RegExp(`\\b${name}\\b`).test(example)) return [];
    return valuesOf(name, parameter).map((argument) =>
      example.endsWith(')') ? `${example.slice(0, -1)}, ${argument})` : `${example}(${argument})`,
    );
  });
  const models = [example, ...more].map((text) => exampleOf({ ...kind, row: { ...kind.row, example: text } }));
  return models
    .filter(({ checked }) => checked.diagnostics.every(({ severity }) => severity !== 'error'))
    .map(({ model }) => model);
}

function valuesOf(name: string, { type, default: otherwise }: Parameter): string[] {
  switch (type.is) {
    case 'integer':
      return [`${name}: ${Math.max(type.min ?? 1, 2)}`];
    case 'number':
      return [`${name}: ${typeof otherwise === 'number' && otherwise > 0 ? otherwise : 0.1}`];
    case 'choice':
      return type.of.map((choice) => `${name}: ${choice}`);
    case 'flag':
      return [name];
    case 'kind':
      return Object.values(type.of).map((row) => `${name}: ${row.example}`);
    case 'numbers':
      return [`${name}: [1, 2]`];
    default:
      return [];
  }
}
