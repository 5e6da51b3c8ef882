/** Sentences of a protocol that every report of figures prints. */
import type { Part } from '../../data/dataset.ts';
import type { ScoringTask } from '../scoring/scorer.ts';
import type { ColdItems, Figures } from './figures.ts';
import { questionsOf } from './questions.ts';
import type { RankingSample } from './sample.ts';

const count = (number: number, what: string): string =>
  `${number.toLocaleString('en')} ${what}${number === 1 ? '' : 's'}`;

/** Says what is ranked how often, and what figures are the mean of: per event and per user are never confused. */
export function rankingSentence(task: ScoringTask, part: Part): string {
  const { events, corpus, per } = task;
  const items = count(corpus.rows, 'item');
  if (per !== 'user') {
    return `Per event: each of the ${count(events.rows, `${part} event`)} ranks the whole corpus, ${items}, and figures are means over events; no negatives are sampled.`;
  }
  const { asks, held } = questionsOf(task);
  const each = (held.values.length / asks.length).toFixed(1);
  return `Per user: each of the ${count(asks.length, 'user')} with ${part} events ranks the whole corpus once, ${items}, for all the items that the user holds out (${count(held.values.length, 'item')}, ${each} a user), and figures are means over users; no negatives are sampled.`;
}

export const sampleSentence = ({ rankings, of, per }: RankingSample, part: Part): string =>
  `These are ${rankings.toLocaleString('en')} of the ${of.toLocaleString('en')} ${per === 'user' ? `users with ${part} events` : `${part} events`}, drawn at random, the same ones for every model of this data; the intervals are wider for it.`;

export function coldSentence(
  cold: ColdItems,
  events: number,
  rows: readonly (Pick<Figures, 'cold'> & { readonly name: string })[],
): string {
  if (cold.events === 0) return 'The item of each event has training events: no event is cold.';
  const share = ((100 * cold.events) / events).toFixed(1);
  const outside = cold.absent > 0 ? `, ${count(cold.absent, 'event')} of items outside it` : '';
  const coldEvents =
    `${count(cold.events, 'event')} (${share} %) ${cold.events === 1 ? 'is' : 'are'} of items without a training event ` +
    `(${count(cold.items, 'item')} of the corpus${outside})`;
  const rankingRows = rows.filter((row) => row.cold !== undefined).map(({ name }) => name);
  if (rankingRows.length === 0) {
    return `${coldEvents}: they count as misses in every row, and the figures marked warm exclude them.`;
  }
  const missClauses = [
    ...(rankingRows.length < rows.length ? ['in the other rows they count as misses'] : []),
    ...(cold.absent > 0 ? ['items outside the corpus are misses in every row'] : []),
  ];
  return (
    `${coldEvents}: ${listOf(rankingRows)} ${rankingRows.length === 1 ? 'ranks' : 'rank'} items of the corpus by content, with or without training events` +
    `${missClauses.map((each) => `; ${each}`).join('')}. The figures marked warm exclude these events, those marked cold have no others.`
  );
}

/** `a, b and c` */
export const listOf = (names: readonly string[]): string =>
  names.length === 1 ? names[0]! : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

/** `40 seconds`, `3 minutes`: rounded up to a figure that promises no more than an estimate can. */
export function duration(seconds: number): string {
  const [count, unit] =
    seconds <= 90 ? [Math.max(5, 5 * Math.ceil(seconds / 5)), 'second'] : [Math.ceil(seconds / 60), 'minute'];
  return `${count.toLocaleString('en')} ${unit}s`;
}
