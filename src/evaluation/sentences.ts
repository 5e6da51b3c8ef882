/** Sentences of a protocol that every report of figures prints. */
import type { Part } from '../data/dataset.ts';
import type { ScoringTask } from '../scoring/scorer.ts';
import { questionsOf } from './questions.ts';

export const count = (number: number, what: string): string =>
  `${number.toLocaleString('en')} ${what}${number === 1 ? '' : 's'}`;

/** What is ranked how often, and what figures are the mean of: per event and per user are never confused. */
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
