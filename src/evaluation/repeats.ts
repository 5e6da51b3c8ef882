/** Events of an item that their user had before: how many there are, and the sentence that warns of them. */
import type { ScoringTask } from '../scoring/scorer.ts';
import { isInBag } from './ranks.ts';
import type { SeenRule } from './seen.ts';

/** How many events are of an item that their user had before. A ranking that excludes seen items never shows these. */
function countRepeats(task: ScoringTask): number {
  const { events, users, seen = [], per } = task;
  let count = 0;
  for (let row = 0; row < events.rows; row++) {
    const item = events.item[row]!;
    if (item < 0) continue;
    const user = events.user[row]!;
    const had =
      (user >= 0 && isInBag(users.seen, user, item)) ||
      (per !== 'user' && seen.some(({ bags, index }) => isInBag(bags, index ? index[row]! : row, item)));
    if (had) count++;
  }
  return count;
}

/** The sentence about repeats where they are ranked among what the user did not have; undefined where there are none. */
export function repeatsSentence(task: ScoringTask, { removes }: SeenRule): string | undefined {
  const count = removes ? countRepeats(task) : 0;
  if (count === 0) return undefined;
  const share = ((100 * count) / task.events.rows).toFixed(1);
  return `${count.toLocaleString('en')} ${count === 1 ? 'event' : 'events'} (${share} %) ${count === 1 ? 'is of an item' : 'are of items'} that the user had before; if users often return to items, use \`seen = kept\`.`;
}
