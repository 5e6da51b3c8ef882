/** What a text may say: files, and columns of the data. */
import { typeAt } from '../entry_type.ts';
import type { CompletionContext } from './context.ts';
import type { Completion } from './item.ts';

export function textsAt(here: CompletionContext): readonly Completion[] {
  const { towerFiles = [], dataFiles = [] } = here.around;
  const files = (paths: readonly string[]): Completion[] => paths.map((label) => ({ label, kind: 'file' }));
  switch (typeAt(here.place)?.is) {
    case 'path':
      return files(towerFiles);
    case 'file':
      return here.place.entry ? files(dataFiles) : [];
    case 'sql':
    case 'kind':
    case 'history':
      return here.place.declaration.word === 'data' && here.place.entry ? here.columns() : [];
    default:
      return [];
  }
}

/** The same before a quote is typed: the items bring it. */
export const quotedAt = (here: CompletionContext): readonly Completion[] =>
  textsAt(here).map((item) => ({ ...item, label: `"${item.label}"` }));
