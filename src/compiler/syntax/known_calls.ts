/** What recovery knows of the library's calls and entries, to choose between two fixes. The language itself does not depend on it. */
import { blocks } from '../library/blocks/table.ts';
import { type KindRow, kindsWithin, type Parameters } from '../library/contract.ts';
import type { EntryType } from '../library/declarations/entry.ts';
import { allTypes, entryTables } from '../library/declarations/table.ts';
import { scores } from '../library/scores/table.ts';

/** The arguments of all kinds of one name. */
export interface KnownCall {
  readonly takes: Set<string>;
  /** Arguments that are given as bare words: `standardize`. */
  readonly flags: Set<string>;
  /** Words that arguments may be: flags and choices. */
  readonly words: Set<string>;
  numbers: boolean;
  flow: boolean;
}

const calls = new Map<string, KnownCall>();

function addKinds(table: Readonly<Record<string, KindRow>>, also: Parameters = {}): void {
  for (const [name, row] of Object.entries(table)) {
    const call = calls.get(name) ?? {
      takes: new Set(),
      flags: new Set(),
      words: new Set(),
      numbers: false,
      flow: false,
    };
    calls.set(name, call);
    for (const [parameter, { type, positional }] of Object.entries({ ...row.parameters, ...also })) {
      call.takes.add(parameter);
      for (const word of wordsOf(parameter, type)) call.words.add(word);
      if (type.is === 'flag') call.flags.add(parameter);
      if (positional && (type.is === 'integer' || type.is === 'number')) call.numbers = true;
      if (type.is === 'flow') call.flow = true;
      addKinds(kindsWithin(type));
    }
  }
}

/** Returns the words that a value of some type may be, of a parameter or an entry. */
export function wordsOf(name: string, type: EntryType): readonly string[] {
  if (type.is === 'choice') return type.of;
  return type.is === 'flag' ? [name] : [];
}

addKinds(blocks);
addKinds(scores);
for (const { type } of allTypes()) {
  if (type.is === 'tasks') addKinds(type.weightings ?? {}, type.also);
  else if (type.is === 'kinds' || type.is === 'history') addKinds(type.of);
  else if (type.is === 'kind') addKinds(type.of, type.also);
}

/** All calls by name, in the order of the alphabet. */
export const knownCalls: ReadonlyMap<string, KnownCall> = new Map([...calls].sort(([a], [b]) => (a < b ? -1 : 1)));

/** The names of all entries. */
export const entryNames: ReadonlySet<string> = new Set(Object.values(entryTables).flatMap(Object.keys));

/** The names of entries whose value is a list, with commas between its items. */
export const listEntries: ReadonlySet<string> = new Set(
  allTypes().flatMap(({ name, type }) => (type.is === 'kinds' ? [name] : [])),
);
