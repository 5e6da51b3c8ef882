/** Warns once in a run that ranks worse than an order that is the same for all users, although its loss falls. */
import { type Diagnostic, diagnose } from '../base/diagnostics/diagnostic.ts';
import { popularity, random } from './evaluation/baselines/same_for_all.ts';
import { figuresOf, type Measure } from './evaluation/figures.ts';
import { drawRankings, questionsOf } from './evaluation/ranking_questions.ts';
import { rankEvents } from './evaluation/ranks.ts';
import type { Spread } from './scoring/field_attention.ts';
import type { ScoringTask } from './scoring/scorer.ts';
import type { EpochRecord, RunWarning } from './training_events.ts';

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
