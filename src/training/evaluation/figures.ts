/** Computes the printed figures from ranks: means over events, or over users. */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import type { HeldOut, MetricKind, TiedGroup } from '../../compiler/library/contract.ts';
import { accuracyMetrics, metrics } from '../../compiler/library/metrics/table.ts';
import type { Corpus, Events } from '../../data/dataset.ts';
import type { MeasureSpec, Plan } from '../../graph/plan/plan.ts';
import type { ScoringTask } from '../scoring/scorer.ts';
import { bagOf, itemsInTraining, questionsOf } from './ranking_questions.ts';
import type { Ranks } from './ranks.ts';

export interface Measure {
  /** `recall@50`, `mrr`. */
  readonly label: string;
  /** Value of one ranking in [0, 1]; 0 for a metric of lists. */
  of(held: HeldOut): number;
  /** Present for a metric of lists, those of the first `k` items of each ranking: the mean of `ofEach`, or `ofAll` of all lists together. */
  readonly lists?: {
    readonly k: number;
    readonly column?: string;
    readonly ofEach?: MetricKind['ofList'];
    readonly ofAll?: MetricKind['ofLists'];
  };
}

/** True if the figure is a mean over rankings, which has an interval. */
export const isMean = ({ lists }: Measure): boolean => lists?.ofAll === undefined;

/** True for the label of a metric of accuracy, of which higher is better. Metrics of lists only describe them. */
export function isOfAccuracy(label: string): boolean {
  const name = /^\w*/.exec(label)![0];
  return !Object.hasOwn(metrics, name) || Object.hasOwn(accuracyMetrics, name);
}

export interface Figures {
  /** By label. A cold item counts as a miss, unless the scorer ranks cold items. */
  readonly all: Readonly<Record<string, number>>;
  /** The same as if only items with a training event were held out. */
  readonly warm: Readonly<Record<string, number>>;
  /** The same as if only cold items were held out. Present if the scorer ranks them and there are some. */
  readonly cold?: Readonly<Record<string, number>>;
}

export interface ColdItems {
  /** Number of events whose item has no training event, or is not in the corpus. */
  readonly events: number;
  /** Number of these events whose item is not in the corpus. */
  readonly absent: number;
  readonly items: number;
}

const isCold = (events: Events, corpus: Corpus, row: number): boolean => {
  const item = events.item[row]!;
  return item < 0 || corpus.trainingCounts[item] === 0;
};

export function coldItems(events: Events, corpus: Corpus): ColdItems {
  let coldEvents = 0;
  let absentEvents = 0;
  const coldItemRows = new Set<number>();
  for (let row = 0; row < events.rows; row++) {
    if (!isCold(events, corpus, row)) continue;
    coldEvents++;
    if (events.item[row]! < 0) absentEvents++;
    else coldItemRows.add(events.item[row]!);
  }
  return { events: coldEvents, absent: absentEvents, items: coldItemRows.size };
}

export function figuresOf(task: ScoringTask, ranks: Ranks, measures: readonly Measure[]): Figures {
  let questionCount = 0;
  const figuresOver = (counts?: (row: number) => boolean): Readonly<Record<string, number>> => {
    const sums = makeSums(task, ranks, measures);
    forEachQuestion(task, ranks, counts, sums.add);
    questionCount = sums.count();
    return sums.figures();
  };
  const isColdRow = (row: number): boolean => isCold(task.events, task.corpus, row);
  const [all, warm] = [figuresOver(), figuresOver((row) => !isColdRow(row))];
  const cold = ranks.ranksCold ? figuresOver(isColdRow) : undefined;
  return { all, warm, ...(cold && questionCount > 0 ? { cold } : {}) };
}

export function makeSums(task: ScoringTask, ranks: Ranks, measures: readonly Measure[]) {
  const sums = new Float64Array(measures.length);
  const listValues = measures.map((measure) => measure.lists?.ofEach && listValuesOf(task, ranks, measure));
  const timesShown = measures.map(({ lists }) => lists?.ofAll && new Map<number, number>());
  let rankingCount = 0;
  return {
    add(question: number, held: HeldOut): void {
      rankingCount++;
      measures.forEach((measure, i) => {
        sums[i]! += listValues[i]?.[question] ?? measure.of(held);
        const counts = timesShown[i];
        if (!counts) return;
        for (const item of listAt(ranks, question, measure.lists!.k)) counts.set(item, (counts.get(item) ?? 0) + 1);
      });
    },
    count: (): number => rankingCount,
    figures(): Readonly<Record<string, number>> {
      const figureOf = ({ lists }: Measure, i: number): number => {
        if (lists?.ofAll) return lists.ofAll([...timesShown[i]!.values()], task.corpus.rows);
        return rankingCount === 0 ? 0 : sums[i]! / rankingCount;
      };
      return Object.fromEntries(measures.map((measure, i) => [measure.label, figureOf(measure, i)]));
    },
  };
}

/** Returns the first k items of a ranking: fewer if no more are ranked. */
function listAt({ lists }: Ranks, question: number, k: number): Int32Array {
  invariant(lists && lists.k >= k, `rankings have no lists of ${k} items`);
  const list = lists.items.subarray(question * lists.k, question * lists.k + k);
  const end = list.indexOf(-1);
  return end === -1 ? list : list.subarray(0, end);
}

const listValuesCache = new WeakMap<Ranks, Map<string, Float64Array>>();

/** Returns the value of each ranking's list; 0 for an empty one. They do not depend on what is held out, so slices share them. */
function listValuesOf(task: ScoringTask, ranks: Ranks, { label, lists }: Measure): Float64Array {
  const cachedValues = listValuesCache.get(ranks) ?? new Map<string, Float64Array>();
  listValuesCache.set(ranks, cachedValues);
  const cachedList = cachedValues.get(label);
  if (cachedList) return cachedList;
  const { events, corpus } = task;
  const elements = lists!.column === undefined ? undefined : corpus.elements?.get(lists!.column);
  invariant(elements || lists!.column === undefined, `the corpus has no column ${lists!.column}`);
  const ofList = lists!.ofEach!({ trainingCounts: corpus.trainingCounts, elements });
  const { asks } = questionsOf(task);
  const earlierItems = (row: number): Int32Array =>
    events.earlier ? bagOf(events.earlier, row) : itemsInTraining(task, row);
  const values = new Float64Array(ranks.lists!.items.length / ranks.lists!.k).map((_, question) => {
    const list = listAt(ranks, question, lists!.k);
    return list.length === 0 ? 0 : ofList(list, earlierItems(asks[question]!));
  });
  cachedValues.set(label, values);
  return values;
}

/** Returns the value of each ranking, of a measure that is a mean over them. */
export function metricValues(task: ScoringTask, ranks: Ranks, measure: Measure): Float64Array {
  if (measure.lists) return listValuesOf(task, ranks, measure).slice();
  const valueOfRanking = new Float64Array(questionsOf(task).asks.length);
  forEachQuestion(task, ranks, undefined, (question, held) => {
    valueOfRanking[question] = measure.of(held);
  });
  return valueOfRanking;
}

/**
 * Calls `visit` with every question and the ranks of its held-out items.
 * @param counts tells which held-out events count; questions without one are skipped. Default: all.
 */
export function forEachQuestion(
  task: ScoringTask,
  ranks: Ranks,
  counts: ((row: number) => boolean) | undefined,
  visit: (question: number, held: HeldOut) => void,
): void {
  const { events, corpus } = task;
  const { asks, held } = questionsOf(task);
  for (let question = 0; question < asks.length; question++) {
    const rankedHeld: number[] = [];
    let heldCount = 0;
    for (let index = held.starts[question]!; index < held.ends[question]!; index++) {
      const row = held.values[index]!;
      if (counts && !counts(row)) continue;
      heldCount++;
      if (events.item[row]! >= 0 && (ranks.ranksCold || !isCold(events, corpus, row))) rankedHeld.push(row);
    }
    if (heldCount === 0) continue;
    visit(question, {
      groups: tiedGroupsOf(rankedHeld, ranks),
      count: heldCount,
      corpus: rankedHeld.length === 0 ? 0 : ranks.corpus[rankedHeld[0]!]!,
    });
  }
}

/** Groups the rows of one ranking by score: rows with equally many items above them have the same score. */
function tiedGroupsOf(rows: number[], { better, equal }: Ranks): TiedGroup[] {
  if (rows.length > 1) rows.sort((a, b) => better[a]! - better[b]!);
  const tiedGroups: { better: number; size: number; heldOutCount: number }[] = [];
  for (const row of rows) {
    const lastGroup = tiedGroups.at(-1);
    if (lastGroup === undefined || lastGroup.better !== better[row]) {
      tiedGroups.push({ better: better[row]!, size: equal[row]! + 1, heldOutCount: 1 });
    } else {
      lastGroup.heldOutCount++;
      // NaN scores share the last rank.
      lastGroup.size = Math.max(lastGroup.size, lastGroup.heldOutCount);
    }
  }
  return tiedGroups;
}

/** Used if neither the model nor the user names metrics. */
export const defaultMeasures: readonly MeasureSpec[] = [
  { metric: 'recall', k: 10 },
  { metric: 'recall', k: 50 },
  { metric: 'recall', k: 100 },
  { metric: 'ndcg', k: 10 },
  { metric: 'hit_rate', k: 10 },
  { metric: 'mrr' },
  { metric: 'auc' },
];

/** Returns `mrr`, `recall@10` or `diversity(genres)@10`. */
export const labelOf = ({ metric, column, k }: MeasureSpec): string =>
  `${metric}${column === undefined ? '' : `(${column})`}${k === undefined ? '' : `@${k}`}`;

export function makeMeasure({ metric, column, k }: MeasureSpec): Measure {
  const metricKind = metrics[metric];
  invariant(metricKind, `there is no metric called ${metric}`);
  const { parameters, ofList, ofLists } = metricKind;
  const cutoff = parameters.k && (k ?? (parameters.k.default as number));
  return {
    label: labelOf({ metric, column, k: cutoff }),
    of: (held) => metricKind.ofRanking?.(held, { k: cutoff }) ?? 0,
    ...(metricKind.ofRanking ? {} : { lists: { k: cutoff!, column, ofEach: ofList, ofAll: ofLists } }),
  };
}

/**
 * Returns the metrics that models declare with `metrics`, else the default ones. The first default is added if none is of accuracy, because runs are chosen by one.
 */
export function declaredMeasures(plans: readonly Pick<Plan, 'train'>[]): readonly MeasureSpec[] {
  const declaredSpecs = plans.flatMap(({ train }) => train.metrics ?? []);
  if (declaredSpecs.length === 0) return defaultMeasures;
  return declaredSpecs.some(({ metric }) => isOfAccuracy(metric))
    ? declaredSpecs
    : [...declaredSpecs, defaultMeasures[0]!];
}

/** Returns the length of the longest list of first items that the measures read of each ranking; 0 for none. */
export const longestListLength = (measures: readonly Measure[]): number =>
  measures.reduce((longest, { lists }) => Math.max(longest, lists?.k ?? 0), 0);

/** Makes each measure once, in the order of first mention. */
export const makeMeasures = (specs: readonly MeasureSpec[]): Measure[] => [
  ...new Map(specs.map(makeMeasure).map((measure) => [measure.label, measure])).values(),
];
