/** Measures popularity by the validation part, so that a report can draw it below the curves of validation. */
import { defined } from '../../base/util/defined.ts';
import { popularity } from './baselines/same_for_all.ts';
import { makeTask, type TaskOptions } from './contestants.ts';
import { figuresOf, type Measure } from './figures.ts';
import { drawRankings } from './questions.ts';
import { rankEvents } from './ranks.ts';

/** Maximum number of rankings, so that it costs a small part of an evaluation. */
const maxRankings = 10_000;

/** Returns the figures of all metrics of accuracy; undefined if there is no validation part. */
export async function popularityLevel(
  { dataset, plan }: Pick<TaskOptions, 'dataset' | 'plan'>,
  measures: readonly Measure[],
  removesSeen: boolean,
): Promise<Readonly<Record<string, number>> | undefined> {
  if (dataset.parts.validation.rows === 0) return undefined;
  const whole = makeTask({ dataset, part: 'validation', ...defined({ plan }) });
  const task = drawRankings(whole, maxRankings).of(whole);
  const scorer = { name: 'popularity', doc: popularity.doc, ...popularity.prepare(task) };
  const ranks = await rankEvents(task, scorer, removesSeen);
  return figuresOf(
    task,
    ranks,
    measures.filter(({ lists }) => lists === undefined),
  ).all;
}
