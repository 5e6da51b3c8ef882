/** Uses the towers of a run while it trains: scores the validation part after an epoch, as `evaluate` does, and prepares an epoch when it begins. */

import { type Diagnostic, diagnose } from '../base/diagnostics/diagnostic.ts';
import type { Corpus, Dataset } from '../data/dataset.ts';
import type { Engine } from '../engines/engine.ts';
import type { Plan } from '../graph/plan/plan.ts';
import type { RetrievalObjective } from '../retrieval/vectors.ts';
import type { TrainingState } from './artifact/checkpoint.ts';
import { popularity, random } from './evaluation/baselines/same_for_all.ts';
import { makeTask } from './evaluation/contestants.ts';
import { declaredMeasures, figuresOf, longestListLength, type Measure, makeMeasures } from './evaluation/figures.ts';
import { drawRankings, questionsOf, type RankingSample, seenRule } from './evaluation/ranking_questions.ts';
import { rankEvents } from './evaluation/ranks.ts';
import type { Mined } from './feed/item_sampler.ts';
import type { LatestEvents } from './feed/latest.ts';
import { makeRetrieval, type Retrieval } from './scoring/retrieval_scorer.ts';
import { bestItems, modelScorer, type ScoringTask, type Spread, spreadOfVectors } from './scoring/scorer.ts';
import type { IndexedFeatures } from './scoring/tower_vectors.ts';
import type { EpochRecord, RunWarning } from './train_options.ts';
import type { InitialState } from './training_step.ts';

/** The towers of a run with its current weights: prepared at their first use, and given new weights at each later one. */
export class CurrentTowers {
  private retrieval: Retrieval | undefined;

  constructor(
    private readonly plan: Plan,
    private readonly dataset: Dataset,
    private readonly engine: Engine,
    private readonly state: TrainingState,
  ) {}

  async refresh(): Promise<Retrieval> {
    const { plan, engine } = this;
    const { tables, program } = this.state;
    const parameters = await program.read();
    if (this.retrieval) await this.retrieval.refresh(parameters);
    else this.retrieval = await makeRetrieval({ plan, engine, tables, corpus: this.dataset.corpus, parameters });
    return this.retrieval;
  }

  async close(): Promise<void> {
    await this.retrieval?.close();
  }
}

/** Prepares what the steps of an epoch read as it was when the epoch began. Depends only on the weights, the seed and the epoch. */
export async function beginEpoch(
  { feeder, latest }: Pick<InitialState, 'feeder' | 'latest'>,
  towers: CurrentTowers,
  { corpus }: Pick<Dataset, 'corpus'>,
  epoch: number,
): Promise<void> {
  if (!latest) return;
  for (const mined of feeder.mined) await mineNegatives(mined, towers, latest, corpus, epoch);
}

/** Number of scores in a block: 16 MB. */
const blockNumbers = 4 * 2 ** 20;

/** Finds hard negatives with the current towers. */
async function mineNegatives(
  mined: Mined,
  towers: CurrentTowers,
  latest: LatestEvents,
  corpus: Corpus,
  epoch: number,
): Promise<void> {
  const usersAtOnce = Math.max(16, Math.min(1024, Math.floor(blockNumbers / Math.max(1, corpus.rows))));
  const { best, skip } = mined.rows;
  const minedUsers = mined.usersOf(epoch);
  const minedItems = new Int32Array(minedUsers.length * best).fill(-1);
  const retrieval = await towers.refresh();
  const forgetColumns = makeColumnForgetter(retrieval);
  for await (const { users, from, columns, rows, seenBy } of latest.chunks(minedUsers, usersAtOnce)) {
    forgetColumns(columns);
    const scores = await retrieval.scores(await retrieval.queries(columns, rows));
    for (const i of users.keys()) {
      const seenItems = seenBy(i).filter((item) => item >= 0);
      const ranked = bestItems(scores.subarray(i * corpus.rows, (i + 1) * corpus.rows), skip + best, seenItems);
      minedItems.set(ranked.rows.subarray(skip), (from + i) * best);
    }
  }
  forgetColumns();
  mined.storeMined(minedUsers, minedItems);
}

/** Returns a function that forgets the columns of its last call, if others follow: those of shards are read anew in each epoch. */
function makeColumnForgetter(towers: Pick<Retrieval, 'forget'>): (nextColumns?: IndexedFeatures) => void {
  let lastColumns: IndexedFeatures | undefined;
  return (nextColumns) => {
    if (lastColumns && lastColumns !== nextColumns) towers.forget(lastColumns);
    lastColumns = nextColumns;
  };
}

export class RunValidation {
  private cachedTask: { readonly task: ScoringTask; readonly sample?: RankingSample } | undefined;

  constructor(
    private readonly plan: Plan,
    private readonly dataset: Dataset,
    private readonly towers: CurrentTowers,
    private readonly objectives: readonly RetrievalObjective[] = [],
  ) {}

  get hasRows(): boolean {
    return this.dataset.parts.validation.rows > 0;
  }

  get sample(): RankingSample | undefined {
    return this.drawnTask.sample;
  }

  /** Returns what the guard reads of the run; undefined if no loss compares items, or no metric is a mean over rankings. */
  get guarded(): GuardedRun | undefined {
    const { plan, dataset, towers, measure } = this;
    const [{ features, key }] = plan.towers;
    const compares = plan.tasks.some(({ loss, predicts }) => loss !== undefined && predicts === undefined);
    if (!measure || !compares) return undefined;
    return {
      task: () => this.drawnTask.task,
      figuresByTask: () => this.figuresByTask(),
      removesSeen: seenRule(dataset).removes,
      ...{ measure, keepsBest: plan.train.stop !== undefined, readsKeyAlone: features.every((name) => name === key) },
      async spread() {
        return spreadOfVectors('item vectors', (await towers.refresh()).items());
      },
    };
  }

  private get measure(): Measure | undefined {
    const { stop } = this.plan.train;
    return makeMeasures(stop ? [stop] : declaredMeasures([this.plan])).find(({ lists }) => lists === undefined);
  }

  /** Ranks by each task of `retrieve` alone, and returns the guard's metric by task; undefined if only one counts. */
  async figuresByTask(): Promise<Record<string, number> | undefined> {
    const { measure } = this;
    const countedObjectives = this.objectives.filter(({ factor }) => factor > 0);
    if (countedObjectives.length < 2 || measure === undefined) return undefined;
    const retrieval = await this.towers.refresh();
    const figures: Record<string, number> = {};
    for (const objective of countedObjectives) {
      const objectiveFigures = await this.rankAndMeasure(restrictToObjective(retrieval, objective), [measure]);
      figures[objective.name] = objectiveFigures[measure.label]!;
    }
    return figures;
  }

  /** Returns metrics of the current weights, in [0, 1], by label: the metric that `stop` watches, then `metrics`. */
  async figures(): Promise<Record<string, number>> {
    const { stop } = this.plan.train;
    const watchedMeasures = makeMeasures([...(stop ? [stop] : []), ...declaredMeasures([this.plan])]);
    return this.rankAndMeasure(await this.towers.refresh(), watchedMeasures);
  }

  private async rankAndMeasure(retrieval: Retrieval, measures: readonly Measure[]): Promise<Record<string, number>> {
    const { plan, dataset } = this;
    const task = await this.withSeen();
    const scorer = modelScorer(retrieval, { plan, events: task.events, corpus: dataset.corpus });
    const ranks = await rankEvents(task, scorer, seenRule(dataset).removes, longestListLength(measures));
    return { ...figuresOf(task, ranks, measures).all };
  }

  /** Returns the task with what its users had in training. Shards keep that of all users in a file. */
  private async withSeen(): Promise<ScoringTask> {
    const { task, sample } = this.drawnTask;
    const { shards, users } = this.dataset;
    if (!shards || task.users !== users) return task;
    const seen = await shards.seenOf(task.events.user);
    const cachedTask = { task: { ...task, users: { ...users, seen } }, sample };
    this.cachedTask = cachedTask;
    return cachedTask.task;
  }

  private get drawnTask() {
    if (this.cachedTask) return this.cachedTask;
    const { plan, dataset } = this;
    const wholeTask = makeTask({ dataset, part: 'validation', plan });
    const { sampleTask, sample } = drawRankings(wholeTask, plan.train.validate?.sample, plan.train.seed);
    this.cachedTask = { task: sampleTask(wholeTask), sample };
    return this.cachedTask;
  }
}

/** Returns a retrieval whose scores are those of one task: all other numbers of a query are 0. */
const restrictToObjective = (retrieval: Retrieval, { from, to }: RetrievalObjective): Retrieval => ({
  ...retrieval,
  async queries(columns, rows) {
    const vectors = await retrieval.queries(columns, rows);
    const isOfObjective = (index: number): boolean => index % vectors.width >= from && index % vectors.width < to;
    return { ...vectors, data: vectors.data.map((value, index) => (isOfObjective(index) ? value : 0)) };
  },
});

// Warns once in a run that ranks worse than an order that is the same for all users, although its loss falls.

/** What the guard reads of a run. The task is made at its first use. */
export interface GuardedRun {
  readonly task: () => ScoringTask;
  readonly removesSeen: boolean;
  /** The metric that `stop` watches, else the first that is a mean over rankings. */
  readonly measure: Measure;
  /** True if the weights of the best validation are kept, not those of the last. */
  readonly keepsBest: boolean;
  /** True if the query tower reads nothing but its key, which says nothing of a new user. */
  readonly readsKeyAlone: boolean;
  /** Measures the vectors of the items with the current weights. */
  readonly spread: () => Promise<Spread>;
  /** Returns the metric by the score of each task alone; undefined if `retrieve` has one. */
  readonly figuresByTask: () => Promise<Readonly<Record<string, number>> | undefined>;
}

/** Maximum number of rankings by which popularity is measured, so that it costs no more than a part of a validation. */
const maxRankings = 20_000;
/** Number of standard errors by which a figure must be lower: it may be that of a few rankings. */
const standardErrors = 3;

/** Above this cosine two items look alike, and below this number of directions the vectors are nearly on a line. */
const [collapsedCosine, collapsedDirections] = [0.9, 2];

interface BaselineOrder {
  readonly orderName: 'popularity' | 'random';
  readonly figure: number;
  /** A figure below this one is lower by more than chance. */
  readonly minSignificant: number;
}

export class RankGuard {
  private earlierEpoch: { readonly loss: number; readonly figure: number } | undefined;
  private best = 0;
  private reference: BaselineOrder | undefined;
  private hasWarned = false;

  constructor(private readonly run: GuardedRun) {}

  /**
   * Returns a warning after a validation whose figure is below popularity or a random order, if the loss fell and the figure did not rise. At the end of the
   * run a rising figure counts too, and so does one that a task has alone.
   */
  async judge(record: JudgedEpoch, isLast: boolean): Promise<RunWarning | undefined> {
    return (await this.belowPopularity(record, isLast)) ?? this.belowTask(record);
  }

  private belowTask({ epoch, validation, alone: figuresByTask }: JudgedEpoch): RunWarning | undefined {
    const metric = this.run.measure.label;
    const figure = validation?.[metric];
    if (figure === undefined) return undefined;
    const best = this.betterTask(figure, figuresByTask);
    return best && warningOf(diagnose('ranks-below-a-task', undefined, { epoch, metric, figure, best }));
  }

  private async belowPopularity(
    { epoch, loss, validation, alone: figuresByTask }: JudgedEpoch,
    isLast: boolean,
  ): Promise<RunWarning | undefined> {
    const { measure, keepsBest, readsKeyAlone, spread } = this.run;
    const figure = validation?.[measure.label];
    if (figure === undefined) return undefined;
    const { earlierEpoch } = this;
    this.earlierEpoch = { loss, figure };
    this.best = Math.max(this.best, figure);
    if (this.hasWarned || !earlierEpoch || loss >= earlierEpoch.loss || (figure > earlierEpoch.figure && !isLast))
      return undefined;
    const keptFigure = keepsBest ? this.best : figure;
    this.reference ??= await findReference(this.run);
    if (keptFigure >= this.reference.minSignificant) return undefined;
    this.hasWarned = true;
    const { cosine = 0, directions = Number.POSITIVE_INFINITY, width } = await spread();
    const collapsed = cosine > collapsedCosine || directions < collapsedDirections;
    const popularityFacts = {
      ...{ metric: measure.label, figure: keptFigure, epoch, by: this.reference.orderName, bar: this.reference.figure },
      newUsers: readsKeyAlone ? newUsersOf(this.run.task()) : 0,
      vectors: collapsed ? { cosine, directions, width } : undefined,
      best: this.betterTask(figure, figuresByTask ?? (await this.run.figuresByTask())),
    };
    return warningOf(diagnose('ranks-below-popularity', undefined, popularityFacts));
  }

  /** Returns the task whose score alone ranks best, if it ranks better than this figure by more than chance. */
  private betterTask(figure: number, figuresByTask: EpochRecord['alone'] = {}) {
    const [bestTask] = Object.entries(figuresByTask).toSorted(([, a], [, b]) => b - a);
    if (!bestTask || lowerBound(bestTask[1], this.run.task()) <= figure) return undefined;
    return { task: bestTask[0], figure: bestTask[1] };
  }
}

type JudgedEpoch = Pick<EpochRecord, 'epoch' | 'loss' | 'validation' | 'alone'>;

const warningOf = ({ code, message, hint }: Diagnostic): RunWarning => ({ code, message, hint });

/** Returns the share of events whose user has no training event. */
function newUsersOf({ events, users: { seen } }: ScoringTask): number {
  const isNew = (user: number): boolean => user >= 0 && seen.starts[user] === seen.ends[user];
  return events.user.reduce((count, user) => count + (isNew(user) ? 1 : 0), 0) / events.rows;
}

/** Returns the figure below which one is lower by more than chance. No metric in [0, 1] varies more than one that is 0 or 1. */
const lowerBound = (figure: number, task: ScoringTask): number =>
  figure - standardErrors * Math.sqrt((figure * (1 - figure)) / questionsOf(task).asks.length);

/** Returns the better of both orders, ranked as the model is. */
async function findReference({ task: taskOf, removesSeen, measure }: GuardedRun): Promise<BaselineOrder> {
  const wholeTask = taskOf();
  const task = drawRankings(wholeTask, maxRankings).sampleTask(wholeTask);
  const orders: BaselineOrder[] = [];
  const baselines = { popularity, random };
  for (const orderName of ['popularity', 'random'] as const) {
    const { doc, prepare } = baselines[orderName];
    const ranks = await rankEvents(task, { name: orderName, doc, ...prepare(task) }, removesSeen);
    const figure = figuresOf(task, ranks, [measure]).all[measure.label]!;
    orders.push({ orderName, figure, minSignificant: lowerBound(figure, task) });
  }
  return orders.reduce((a, b) => (b.minSignificant > a.minSignificant ? b : a));
}
