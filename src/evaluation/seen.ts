/** What a user had before an event: whether it leaves the ranking, and in which words that is printed. */
import type { Dataset } from '../data/dataset.ts';
import type { ScoringTask } from '../scoring/scorer.ts';

export interface SeenRule {
  readonly removes: boolean;
  /** An option requested it, whatever the data block declares. */
  readonly isAsked: boolean;
}

/** The declaration of the data block, unless the request says otherwise. */
export function seenRule({ seen }: Pick<Dataset, 'seen'>, asked?: boolean): SeenRule {
  return { removes: asked ?? seen === 'excluded', isAsked: asked !== undefined };
}

/** What leaves the ranking, as a sentence of the protocol. */
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
