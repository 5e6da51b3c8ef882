/** From ranks to the figures that are printed: means over the events. */
import type { Corpus, Events } from '../data/dataset.ts';
import type { Ranks } from './ranks.ts';

/** One metric at its arguments. */
export interface Measure {
  /** `recall@50`, `mrr`. */
  readonly label: string;
  /** Value of one event in [0, 1]. */
  of(rank: { readonly better: number; readonly equal: number; readonly corpus: number }): number;
}

export interface Figures {
  /** By label. An event of a cold item counts 0. */
  readonly all: Readonly<Record<string, number>>;
  /** The same over the events whose item has a training event. */
  readonly warm: Readonly<Record<string, number>>;
}

export interface ColdItems {
  /** Events whose item no training event has, or that is not in the corpus. */
  readonly events: number;
  /** How many of those are not in the corpus at all. */
  readonly absent: number;
  readonly items: number;
}

const isCold = (events: Events, corpus: Corpus, row: number): boolean => {
  const item = events.item[row]!;
  return item < 0 || corpus.trainingCounts[item] === 0;
};

export function coldItems(events: Events, corpus: Corpus): ColdItems {
  let cold = 0;
  let absent = 0;
  const items = new Set<number>();
  for (let row = 0; row < events.rows; row++) {
    if (!isCold(events, corpus, row)) continue;
    cold++;
    if (events.item[row]! < 0) absent++;
    else items.add(events.item[row]!);
  }
  return { events: cold, absent, items: items.size };
}

export function figuresOf(events: Events, corpus: Corpus, ranks: Ranks, measures: readonly Measure[]): Figures {
  const sums = new Float64Array(measures.length);
  let warm = 0;
  const rank = { better: 0, equal: 0, corpus: 0 };
  for (let row = 0; row < events.rows; row++) {
    if (isCold(events, corpus, row)) continue;
    warm++;
    rank.better = ranks.better[row]!;
    rank.equal = ranks.equal[row]!;
    rank.corpus = ranks.corpus[row]!;
    for (let i = 0; i < measures.length; i++) sums[i]! += measures[i]!.of(rank);
  }
  const over = (count: number) =>
    Object.fromEntries(measures.map(({ label }, i) => [label, count === 0 ? 0 : sums[i]! / count]));
  return { all: over(events.rows), warm: over(warm) };
}

/** A measure event by event; an event of a cold item counts 0. */
export function valuesOf(events: Events, corpus: Corpus, ranks: Ranks, measure: Measure): Float64Array {
  return Float64Array.from({ length: events.rows }, (_, row) =>
    isCold(events, corpus, row)
      ? 0
      : measure.of({ better: ranks.better[row]!, equal: ranks.equal[row]!, corpus: ranks.corpus[row]! }),
  );
}
