/** What a run scores on its validation part after an epoch: over the whole corpus and without what was seen, as `evaluate` does. */

import type { Dataset } from '../data/dataset.ts';
import { makeTask } from '../evaluation/contestants.ts';
import { figuresOf } from '../evaluation/figures.ts';
import { declaredMeasures, listsOf, makeMeasures } from '../evaluation/measures.ts';
import { rankEvents } from '../evaluation/ranks.ts';
import { sampleBetween, sampleOf } from '../evaluation/sample.ts';
import { seenRule } from '../evaluation/seen.ts';
import type { Plan } from '../plan/plan.ts';
import { modelScorer } from '../scoring/model_scorer.ts';
import type { ScoringTask } from '../scoring/scorer.ts';
import type { CurrentTowers } from './current_towers.ts';
import type { EpochRecord } from './training_events.ts';

export class Validation {
  private made: ScoringTask | undefined;

  constructor(
    private readonly plan: Plan,
    private readonly dataset: Dataset,
    private readonly towers: CurrentTowers,
  ) {}

  /** Whether there is anything to score. */
  get hasRows(): boolean {
    return this.dataset.parts.validation.rows > 0;
  }

  /** How many of the rankings of the part are made, where they are a sample. */
  get sample(): EpochRecord['sample'] {
    if (this.plan.train.validate?.sample === undefined) return undefined;
    const whole = makeTask({ dataset: this.dataset, part: 'validation', plan: this.plan });
    return sampleBetween(whole, this.task);
  }

  /** Metrics of the weights as they are now, in [0, 1], by label: what `stop` watches, then `metrics`. */
  async figures(): Promise<Record<string, number>> {
    const { plan, dataset } = this;
    const { stop } = plan.train;
    const measures = makeMeasures([...(stop ? [stop] : []), ...declaredMeasures([plan])]);
    const { events } = this.task;
    const scorer = modelScorer(await this.towers.refreshed(), { plan, events, corpus: dataset.corpus });
    const ranks = await rankEvents(this.task, scorer, seenRule(dataset).removes, listsOf(measures));
    return { ...figuresOf(this.task, ranks, measures).all };
  }

  private get task(): ScoringTask {
    const { plan, dataset } = this;
    const { validate, seed } = plan.train;
    const whole = (): ScoringTask => makeTask({ dataset, part: 'validation', plan });
    return (this.made ??= validate?.sample === undefined ? whole() : sampleOf(whole(), validate.sample, seed));
  }
}
