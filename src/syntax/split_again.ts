/**
 * The entries of a declaration of which an earlier text is known: only those around what changed are looked for. Where an entry begins
 * follows from the entry before it and from the tokens after that, so the others begin where they began.
 */
import type { IToken } from 'chevrotain';
import { entryRanges, lookahead } from './layout.ts';
import type { EntryRule } from './parsers.ts';
import type { Change } from './relex.ts';

/** A body that was split: an entry is from one of the places to the next, and the last place is where the body ends. */
export interface Body<T> {
  /** Indexes of tokens. */
  readonly places: readonly number[];
  /** What was read of each entry. */
  readonly read: readonly T[];
  /** Which text of all that were read it was in. */
  readonly text: number;
}

/** How many entries at the start and at the end of a body are those of the body before. */
export interface Again {
  readonly places: readonly number[];
  readonly first: number;
  readonly last: number;
}

/** What changed since the text before, and which text this is. */
export interface Since {
  readonly change: Change | undefined;
  readonly texts: number;
}

export function splitAgain(
  tokens: readonly IToken[],
  start: number,
  end: number,
  rule: EntryRule,
  before: Body<unknown> | undefined,
  { change, texts }: Since,
): Again {
  const anew = (from: number, isKnown?: (place: number) => boolean): number[] =>
    entryRanges(tokens, [from, end], rule, isKnown).map(([, past]) => past);
  const places = before?.text === texts - 1 ? before.places : undefined;
  const count = (places?.length ?? 1) - 1;
  const [from, to] = [places?.[0], places?.[count]];
  if (!places || !change) return { places: [start, ...anew(start)], first: 0, last: 0 };

  const { delta } = change;
  if (end < change.start && from === start && to === end) return { places, first: count, last: 0 };
  if (change.end < start && from === start - delta && to === end - delta) {
    return { places: places.map((place) => place + delta), first: 0, last: count };
  }
  if (change.start < start || change.end > end || from !== start || to !== end - delta) {
    return { places: [start, ...anew(start)], first: 0, last: 0 };
  }
  let first = 0;
  while (first < count && places[first + 1]! + lookahead <= change.start) first++;
  let next = first;
  const found = anew(places[first]!, (place) => {
    if (place <= change.end) return false;
    while (next < count && places[next]! + delta < place) next++;
    return next < count && places[next]! + delta === place;
  });
  const isJoined = found.at(-1) !== end;
  const rest = isJoined ? places.slice(next + 1).map((place) => place + delta) : [];
  return { places: [...places.slice(0, first + 1), ...found, ...rest], first, last: rest.length };
}
