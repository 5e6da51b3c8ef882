/** Every word that the library knows: kinds, and what arguments may be. */
import type { Vocabulary } from '../../grammar/textmate.ts';
import type { KindRow } from '../library/contract.ts';
import { past, splits } from '../model/data_kinds.ts';
import { library } from '../model/library.ts';

export function vocabulary(): Vocabulary {
  const kinds = new Set(['binary', 'number']);
  const words = new Set<string>();
  const visit = (table: Readonly<Record<string, KindRow>>): void => {
    for (const [name, row] of Object.entries(table)) {
      kinds.add(name);
      for (const [parameter, { type }] of Object.entries(row.parameters)) {
        if (type.is === 'choice') for (const word of type.of) words.add(word);
        if (type.is === 'flag') words.add(parameter);
        if (type.is === 'kind') visit(type.of);
      }
    }
  };
  for (const table of Object.values(library)) visit(table);
  visit(splits);
  visit({ past });
  // Where a word is both, a kind is what it most often is.
  return { kinds: [...kinds].sort(), words: [...words].filter((word) => !kinds.has(word)).sort() };
}
