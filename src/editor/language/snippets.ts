/** Whole declarations to begin with. `$1`, `${2:name}` are the places to fill in, `$0` the last. */
import { declarations } from '../../compiler/library/declarations/table.ts';

export interface Snippet {
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
