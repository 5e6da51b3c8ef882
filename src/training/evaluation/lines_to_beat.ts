/** Ranks the validation part by baselines without settings, so that a page can draw them below the curves of validation. */
import { interactionsCost } from './baselines/baseline.ts';
import { chooseBaselines, makeTask, stepsPerSecond, type TaskOptions } from './contestants.ts';
import { type Figures, figuresOf, type Measure } from './figures.ts';
import { drawRankings } from './ranking_questions.ts';
import { rankEvents } from './ranks.ts';

/** Maximum number of rankings, so that they cost a small part of an evaluation. */
const maxRankings = 10_000;
/** Maximum seconds of a core for all of them, by estimate: a training waits for them. */
const maxSeconds = 3;

/** Figures of all metrics of accuracy, by baseline. */
export type LinesToBeat = Readonly<Record<string, Figures['all']>>;

/** Returns popularity and, if it takes a few seconds, item_cf; undefined if there is no validation part. Baselines with settings would have to be tuned first. */
export async function linesToBeat(
  { dataset, plan }: Pick<TaskOptions, 'dataset' | 'plan'>,
  measures: readonly Measure[],
  removeSeen: boolean,
): Promise<LinesToBeat | undefined> {
  if (dataset.parts.validation.rows === 0) return undefined;
  const wholeTask = makeTask({ dataset, part: 'validation', plan });
  const task = drawRankings(wholeTask, maxRankings).sampleTask(wholeTask);
  const chooseNamed = (...names: string[]) =>
    chooseBaselines(task, { dataset, part: 'validation', plan, removeSeen, baselines: names });
  const readsQuickly = interactionsCost(task).steps < maxSeconds * stepsPerSecond;
  const quickPair = readsQuickly ? chooseNamed('popularity', 'item_cf') : undefined;
  const { rows } = quickPair && quickPair.seconds <= maxSeconds ? quickPair : chooseNamed('popularity');
  const accuracy = measures.filter(({ lists }) => lists === undefined);
  const lines: Record<string, Figures['all']> = {};
  for (const { name, open } of rows) {
    const { scorer } = await open();
    lines[name] = figuresOf(task, await rankEvents(task, scorer, removeSeen), accuracy).all;
  }
  return lines;
}
