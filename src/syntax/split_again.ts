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
  /** Index of its first token. */
  origin: number;
  /** Indexes of tokens, counted from there. */
  readonly places: readonly number[];
  /** What was read of each entry. */
  readonly read: readonly T[];
  /** Which text of all that were read it was in last. */
  text: number;
}

/** How many entries at the start and at the end of a body are those of the body before. */
export interface Again {
  /** As those of a body. */
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
  if (start === end) return { places: [0], first: 0, last: 0 };
  const anew = (from: number, isKnown?: (place: number) => boolean): number[] =>
    entryRanges(tokens, [from, end], rule, isKnown).map(([, past]) => past - start);
  if (!change || before?.text !== texts - 1) return { places: [0, ...anew(start)], first: 0, last: 0 };
  const { origin, places } = before;
  const count = places.length - 1;
  const to = origin + places[count]!;

  const { delta } = change;
  if (end < change.start && origin === start && to === end) return { places, first: count, last: 0 };
  if (change.end < start && origin === start - delta && to === end - delta) return { places, first: 0, last: count };
  if (change.start < start || change.end > end || origin !== start || to !== end - delta) {
    return { places: [0, ...anew(start)], first: 0, last: 0 };
  }
  let first = 0;
  while (first < count && start + places[first + 1]! + lookahead <= change.start) first++;
  let next = first;
  const found = anew(start + places[first]!, (place) => {
    if (place <= change.end) return false;
    const was = place - start - delta;
    while (next < count && places[next]! < was) next++;
    return next < count && places[next] === was;
  });
  const isJoined = found.at(-1) !== end - start;
  const after = isJoined ? places.slice(next + 1) : [];
  const rest = delta === 0 ? after : after.map((place) => place + delta);
  return { places: places.slice(0, first + 1).concat(found, rest), first, last: rest.length };
}
