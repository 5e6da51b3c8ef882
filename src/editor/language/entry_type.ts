/** What the value at a cursor may be: the type that the row of its entry, or of its declaration, has. */
import type { EntryType } from '../../compiler/library/declarations/entry.ts';
import { typeOfEntry } from '../../compiler/library/declarations/table.ts';
import type { Cursor } from './cursor.ts';

export function typeAt({ declaration, body, entry }: Cursor): EntryType | undefined {
  if (!declaration) return undefined;
  // Columns have names of the file, like features.
  return body === 'columns' ? { is: 'sql' } : typeOfEntry(declaration.word, entry?.name ?? '');
}
