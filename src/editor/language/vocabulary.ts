/**
 * Lists every word that the library knows, and whole declarations to begin with, for editors without the language
 * server.
 */
import type { Vocabulary } from '../../../grammar/textmate.ts';
import type { KindRow } from '../../compiler/library/contract.ts';
import type { EntryType } from '../../compiler/library/declarations/entry.ts';
import { allTypes, declarations } from '../../compiler/library/declarations/table.ts';
import { library } from '../../compiler/model/library.ts';

export function vocabulary(): Vocabulary {
  const kinds = new Set<string>();
  const words = new Set<string>();
  const read = (name: string, type: EntryType): void => {
    if (type.is === 'choice') for (const word of type.of) words.add(word);
    if (type.is === 'flag') words.add(name);
    if (type.is === 'kind' || type.is === 'kinds') visit(type.of);
    if (type.is === 'number') visit(type.or ?? {});
    if (type.is === 'history') visit(type.of);
  };
  const visit = (table: Readonly<Record<string, KindRow>>): void => {
    for (const [name, row] of Object.entries(table)) {
      kinds.add(name);
      for (const [parameter, { type }] of Object.entries(row.parameters)) read(parameter, type);
    }
  };
  for (const table of Object.values(library)) visit(table);
  for (const { name, type } of allTypes()) read(name, type);
  const types = new Set([...Object.keys(library.features), 'binary', 'number']);
  return {
    types: [...types].sort(),
    kinds: [...kinds].sort(),
    words: [...words].sort(),
  };
}

interface Snippet {
  readonly prefix: string;
  readonly doc: string;
  readonly body: readonly string[];
}

export const snippets: readonly Snippet[] = Object.entries(declarations).map(([word, { brief, snippet }]) => ({
  prefix: word === 'shared' ? 'shared block' : word,
  doc: brief,
  body: snippet,
}));

/** The file of snippets of an editor that has no language server yet: of declarations, at any place. */
export function snippetsFile(): string {
  const entries = snippets.map(({ prefix, doc, body }) => [prefix, { prefix, description: doc, body }]);
  return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`;
}
