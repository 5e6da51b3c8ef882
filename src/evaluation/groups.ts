/** Whom intervals are drawn over: users, whose events are not independent of each other. */
import type { ScoringTask } from '../scoring/scorer.ts';
import { type BootstrapOptions, usualBootstrap } from './bootstrap.ts';
import { questionsOf } from './questions.ts';

/** Groups made by chance, where there are no users: events are then taken to be independent. */
const chanceGroups = 2000;

/** Whom the bootstrap draws, one entry a question: users, or events where there are no users. */
export function groupsOf(task: ScoringTask): { group: Int32Array; groups: number; unit: string } {
  const { events, users } = task;
  const user = questionsOf(task).asks.map((row) => events.user[row]!);
  const rows = user.length;
  if (users.rows === 0) {
    const groups = Math.min(rows, chanceGroups);
    const group = Int32Array.from({ length: rows }, (_, row) => row % groups);
    return {
      group,
      groups,
      unit: rows === groups ? 'events' : `groups of events (${groups}, because there are no users)`,
    };
  }
  const place = new Map<number, number>();
  const group = user.map((of, row) => {
    // A query without a key is a group of its own.
    const key = of < 0 ? -1 - row : of;
    if (!place.has(key)) place.set(key, place.size);
    return place.get(key)!;
  });
  return { group, groups: place.size, unit: `users (${place.size.toLocaleString('en')})` };
}

/** What intervals are, of draws of `unit`. */
export function intervalSentence(unit: string, options: BootstrapOptions = {}): string {
  const { draws, seed, level } = { ...usualBootstrap, ...options };
  return `Intervals hold ${100 * level} % of ${draws.toLocaleString('en')} bootstrap draws of ${unit}, seed ${seed}; differences use the same draws.`;
}
