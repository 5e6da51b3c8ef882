/** Scores a run on its validation part after an epoch: over the whole corpus and without seen items, as `evaluate` does. */
import { defined } from '../base/util/defined.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Plan } from '../graph/plan/plan.ts';
import type { CurrentTowers } from './current_towers.ts';
import { makeTask } from './evaluation/contestants.ts';
import { figuresOf } from './evaluation/figures.ts';
import { declaredMeasures, listsOf, makeMeasures } from './evaluation/measures.ts';
import { rankEvents } from './evaluation/ranks.ts';
import { drawRankings, type RankingSample } from './evaluation/sample.ts';
import { seenRule } from './evaluation/seen.ts';
import { modelScorer } from './scoring/model_scorer.ts';
import type { ScoringTask } from './scoring/scorer.ts';

export class RunValidation {
  private made: { readonly task: ScoringTask; readonly sample?: RankingSample } | undefined;

  constructor(
    private readonly plan: Plan,
    private readonly dataset: Dataset,
    private readonly towers: CurrentTowers,
  ) {}

  get hasRows(): boolean {
    return this.dataset.parts.validation.rows > 0;
  }

  get sample(): RankingSample | undefined {
    return this.drawn.sample;
  }

  /** Metrics of the weights as they are now, in [0, 1], by label: what `stop` watches, then `metrics`. */
  async figures(): Promise<Record<string, number>> {
    const { plan, dataset } = this;
    const { stop } = plan.train;
    const watchedMeasures = makeMeasures([...(stop ? [stop] : []), ...declaredMeasures([plan])]);
    const { task } = this.drawn;
    const { events } = task;
    const scorer = modelScorer(await this.towers.refreshed(), { plan, events, corpus: dataset.corpus });
    const ranks = await rankEvents(task, scorer, seenRule(dataset).removes, listsOf(watchedMeasures));
    return { ...figuresOf(task, ranks, watchedMeasures).all };
  }

  private get drawn() {
    if (this.made) return this.made;
    const { plan, dataset } = this;
    const wholeTask = makeTask({ dataset, part: 'validation', plan });
    const { of, sample } = drawRankings(wholeTask, plan.train.validate?.sample, plan.train.seed);
    this.made = { task: of(wholeTask), ...defined({ sample }) };
    return this.made;
  }
}
