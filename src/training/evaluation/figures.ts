/** Computes the printed figures from ranks: means over events, or over users. */
import { invariant } from '../../base/diagnostics/failure.ts';
import type { HeldOut, TiedGroup } from '../../compiler/library/contract.ts';
import { metrics } from '../../compiler/library/metrics/table.ts';
import type { Corpus, Events } from '../../data/dataset.ts';
import type { MeasureSpec, Plan } from '../../graph/plan/plan.ts';
import type { ScoringTask } from '../scoring/scorer.ts';
import { questionsOf } from './questions.ts';
import type { Ranks } from './ranks.ts';

export interface Measure {
  /** `recall@50`, `mrr`. */
  readonly label: string;
  /** Value of one ranking in [0, 1]; 0 for a metric of all rankings together. */
  of(held: HeldOut): number;
  /** Present for a metric of all rankings together. `of` gets the number of items among the first k of at least one ranking, and that of the corpus. */
  readonly lists?: { readonly k: number; of(shown: number, corpus: number): number };
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
  const figuresOver = (rows?: (row: number) => boolean): Readonly<Record<string, number>> => {
    const sums = makeSums(task, ranks, measures);
    eachQuestion(task, ranks, rows, sums.add);
    questionCount = sums.count();
    return sums.figures();
  };
  const ofCold = (row: number): boolean => isCold(task.events, task.corpus, row);
  const [all, warm] = [figuresOver(), figuresOver((row) => !ofCold(row))];
  const cold = ranks.ranksCold ? figuresOver(ofCold) : undefined;
  return { all, warm, ...(cold && questionCount > 0 ? { cold } : {}) };
}

export function makeSums({ corpus }: ScoringTask, { lists }: Ranks, measures: readonly Measure[]) {
  const sums = new Float64Array(measures.length);
  const shownItems = measures.map((measure) => measure.lists && new Set<number>());
  let rankingCount = 0;
  return {
    add(question: number, held: HeldOut): void {
      rankingCount++;
      measures.forEach((measure, i) => {
        sums[i]! += measure.of(held);
        if (!measure.lists) return;
        const { k } = measure.lists;
        invariant(lists && lists.k >= k, `rankings have no lists of ${k} items`);
        const from = question * lists.k;
        for (let at = from; at < from + k; at++) if (lists.items[at]! >= 0) shownItems[i]!.add(lists.items[at]!);
      });
    },
    count: (): number => rankingCount,
    figures: (): Readonly<Record<string, number>> =>
      Object.fromEntries(
        measures.map(({ label, lists: of }, i) => [
          label,
          of ? of.of(shownItems[i]!.size, corpus.rows) : rankingCount === 0 ? 0 : sums[i]! / rankingCount,
        ]),
      ),
  };
}

export function metricValues(task: ScoringTask, ranks: Ranks, measure: Measure): Float64Array {
  const valueOfRanking = new Float64Array(questionsOf(task).asks.length);
  eachQuestion(task, ranks, undefined, (question, held) => {
    valueOfRanking[question] = measure.of(held);
  });
  return valueOfRanking;
}

/**
 * Calls `each` with every question and the ranks of its held-out items.
 * @param rows tells which held-out events count; questions without one are skipped. Default: all.
 */
export function eachQuestion(
  task: ScoringTask,
  ranks: Ranks,
  rows: ((row: number) => boolean) | undefined,
  each: (question: number, held: HeldOut) => void,
): void {
  const { events, corpus } = task;
  const { asks, held } = questionsOf(task);
  for (let question = 0; question < asks.length; question++) {
    const rankedHeld: number[] = [];
    let heldCount = 0;
    for (let at = held.starts[question]!; at < held.ends[question]!; at++) {
      const row = held.values[at]!;
      if (rows && !rows(row)) continue;
      heldCount++;
      if (events.item[row]! >= 0 && (ranks.ranksCold || !isCold(events, corpus, row))) rankedHeld.push(row);
    }
    if (heldCount === 0) continue;
    each(question, {
      groups: groupsOf(rankedHeld, ranks),
      count: heldCount,
      corpus: rankedHeld.length === 0 ? 0 : ranks.corpus[rankedHeld[0]!]!,
    });
  }
}

/** Groups the rows of one ranking by score: rows with equally many items above them have the same score. */
function groupsOf(rows: number[], { better, equal }: Ranks): TiedGroup[] {
  if (rows.length > 1) rows.sort((a, b) => better[a]! - better[b]!);
  const tiedGroups: { better: number; size: number; held: number }[] = [];
  for (const row of rows) {
    const lastGroup = tiedGroups.at(-1);
    if (lastGroup === undefined || lastGroup.better !== better[row]) {
      tiedGroups.push({ better: better[row]!, size: equal[row]! + 1, held: 1 });
    } else {
      lastGroup.held++;
      // NaN scores share the last rank.
      lastGroup.size = Math.max(lastGroup.size, lastGroup.held);
    }
  }
  return tiedGroups;
}

/** Used if neither the model nor the user names metrics. */
export const usualMeasures: readonly MeasureSpec[] = [
  { metric: 'recall', k: 10 },
  { metric: 'recall', k: 50 },
  { metric: 'recall', k: 100 },
  { metric: 'ndcg', k: 10 },
  { metric: 'hit_rate', k: 10 },
  { metric: 'mrr' },
  { metric: 'auc' },
];

export const labelOf = ({ metric, k }: MeasureSpec): string => (k === undefined ? metric : `${metric}@${k}`);

export function makeMeasure({ metric, k }: MeasureSpec): Measure {
  const metricKind = metrics[metric];
  invariant(metricKind, `there is no metric called ${metric}`);
  const metricArguments = Object.fromEntries(
    Object.entries(metricKind.parameters).map(([name, parameter]) => [
      name,
      (name === 'k' ? k : undefined) ?? parameter.default,
    ]),
  );
  return {
    label: labelOf({ metric, ...('k' in metricArguments ? { k: metricArguments.k as number } : {}) }),
    of: (held) => metricKind.of?.(held, metricArguments) ?? 0,
    ...(metricKind.ofLists ? { lists: { k: metricArguments.k as number, of: metricKind.ofLists } } : {}),
  };
}

/** Returns the metrics that models declare with `metrics`, else the usual ones. */
export function declaredMeasures(plans: readonly Pick<Plan, 'train'>[]): readonly MeasureSpec[] {
  const declaredSpecs = plans.flatMap(({ train }) => train.metrics ?? []);
  return declaredSpecs.length > 0 ? declaredSpecs : usualMeasures;
}

/** Returns the length of the longest list of first items that the measures read of each ranking; 0 for none. */
export const longestListOf = (measures: readonly Measure[]): number =>
  Math.max(0, ...measures.map(({ lists }) => lists?.k ?? 0));

/** Makes each measure once, in the order of first mention. */
export function makeMeasures(specs: readonly MeasureSpec[]): Measure[] {
  return [...new Map(specs.map(makeMeasure).map((measure) => [measure.label, measure])).values()];
}
