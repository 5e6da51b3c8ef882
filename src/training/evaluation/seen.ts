/** Decides whether items that a user had before an event leave its ranking, and says so in the words of the protocol. */
import type { Dataset } from '../../data/dataset.ts';
import type { ScoringTask } from '../scoring/scorer.ts';
import { bagAt } from './questions.ts';

export interface SeenRule {
  readonly removes: boolean;
  /** An option requested it, whatever the data block declares. */
  readonly isAsked: boolean;
}

export function seenRule({ seen }: Pick<Dataset, 'seen'>, asked?: boolean): SeenRule {
  return { removes: asked ?? seen === 'excluded', isAsked: asked !== undefined };
}

export function seenSentence(
  { removes, isAsked }: SeenRule,
  { seen }: Pick<Dataset, 'seen'>,
  { per }: Pick<ScoringTask, 'per'>,
): string {
  const removed =
    per === 'user'
      ? 'The ranking of a user excludes the items of the user’s training events, except held-out items, and nothing else: items of the validation part stay when the test part is ranked'
      : 'The ranking of an event excludes items that the user had in training or before the event, except the event’s own item';
  const what = removes
    ? removed
    : `The ranking of ${per === 'user' ? 'a user' : 'an event'} keeps items that the user had before`;
  const declared = `the data block says \`seen = ${seen}\``;
  return isAsked ? `${what}, as requested; ${declared}.` : `${what}: ${declared}.`;
}

/** Counts the events of an item that their user had before. A ranking that excludes seen items never shows these. */
function countRepeats(task: ScoringTask): number {
  const { events, users, seen = [], per } = task;
  let count = 0;
  for (let row = 0; row < events.rows; row++) {
    const item = events.item[row]!;
    if (item < 0) continue;
    const user = events.user[row]!;
    const hadItem =
      (user >= 0 && bagAt(users.seen, user).includes(item)) ||
      (per !== 'user' && seen.some(({ bags, index }) => bagAt(bags, index ? index[row]! : row).includes(item)));
    if (hadItem) count++;
  }
  return count;
}

/** Warns of repeats where they are ranked among items that the user did not have; undefined where there are none. */
export function repeatsSentence(task: ScoringTask, { removes }: SeenRule): string | undefined {
  const count = removes ? countRepeats(task) : 0;
  if (count === 0) return undefined;
  const share = ((100 * count) / task.events.rows).toFixed(1);
  return `${count.toLocaleString('en')} ${count === 1 ? 'event' : 'events'} (${share} %) ${count === 1 ? 'is of an item' : 'are of items'} that the user had before; if users often return to items, use \`seen = kept\`.`;
}
