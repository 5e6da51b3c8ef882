/** `name = value` entries of tasks, trainings and data: each once, none unknown. */
import { notes } from '../../base/diagnostics/notes.ts';
import { type EntryPlace, entryTables } from '../library/declarations/table.ts';
import type { EntryNode } from '../syntax/ast.ts';
import { removal } from './edits.ts';
import { guess } from './guess.ts';
import type { Report } from './report.ts';

/**
 * @param of what the entries belong to, as messages name it: "task `watch`"
 * @returns the first entry of each known name. A misspelt one is reported and taken as the nearest that is not there.
 */
export function entriesByName<N extends string>(
  of: string,
  entries: readonly EntryNode[],
  known: readonly N[],
  report: Report,
  place: EntryPlace,
): ReadonlyMap<N, EntryNode> {
  const byName = new Map<N, EntryNode>();
  const isKnown = (name: string): name is N => (known as readonly string[]).includes(name);
  for (const entry of entries) {
    const { name } = entry.name;
    if (!isKnown(name)) continue;
    const first = byName.get(name);
    if (!first) byName.set(name, entry);
    else {
      const extra = { notes: [{ message: notes.first(name), at: first.span }], fixes: [[removal(entry.span)]] };
      report('repeated-entry', entry.name.span, { of, name }, extra);
    }
  }
  for (const entry of entries) {
    const { name, span } = entry.name;
    if (isKnown(name)) continue;
    const home = homeOf(name, place);
    if (home !== undefined) {
      report('unknown-entry', span, { of, name, takes: known, advice: `it belongs inside ${home}` });
      continue;
    }
    const free = known.filter((candidate) => !byName.has(candidate));
    const { extra, ...meant } = guess(name, span, free, place, { taken: known });
    report('unknown-entry', span, { of, name, takes: known, ...meant }, extra);
    if (meant.nearest !== undefined && isKnown(meant.nearest)) byName.set(meant.nearest, entry);
  }
  return byName;
}

const homes: Readonly<Record<EntryPlace, string>> = {
  task: '`task NAME { … }`',
  train: '`train { … }`',
  data: '`data NAME { … }`',
};

/** The other declaration that an entry belongs to. */
function homeOf(name: string, place: EntryPlace): string | undefined {
  const found = (Object.keys(entryTables) as EntryPlace[]).find(
    (other) => other !== place && Object.hasOwn(entryTables[other], name),
  );
  return found && homes[found];
}
