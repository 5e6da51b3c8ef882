/** What a text may say: files, and columns of the data. */
import type { CompletionContext } from './context.ts';
import type { Completion } from './item.ts';

export function textsAt(here: CompletionContext): readonly Completion[] {
  const { declaration, entry, body } = here.place;
  const { towerFiles = [], dataFiles = [] } = here.around;
  const files = (paths: readonly string[]): Completion[] => paths.map((label) => ({ label, sort: 'file' }));
  if (declaration.word === 'use') return files(towerFiles);
  if (declaration.word !== 'data' || !entry) return [];
  if (body === 'entries' && ['events', 'items', 'users'].includes(entry.name)) return files(dataFiles);
  return here.columns();
}

/** The same where no quote stands yet: they come with it. */
export const quotedAt = (here: CompletionContext): readonly Completion[] =>
  textsAt(here).map((item) => ({ ...item, label: `"${item.label}"` }));
