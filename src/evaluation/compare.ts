/** Several runs under one protocol: the same events, ranked among the same items, with intervals by user. */
import type { Dataset, Part } from '../data/dataset.ts';
import { defined } from '../defined.ts';
import { failure, invariant } from '../diagnostics/failure.ts';
import type { Plan } from '../plan/plan.ts';
import type { MakeProduct } from '../scoring/product.ts';
import type { Scorer, ScoringTask } from '../scoring/scorer.ts';
import { nearest } from '../text/nearest.ts';
import { type BootstrapOptions, bootstrap, type Interval } from './bootstrap.ts';
import { type BaselineChoice, baselinesBeside, makeTask, perOf } from './contestants.ts';
import { settingSentence } from './evaluate.ts';
import { type Measure, valuesOf } from './figures.ts';
import { groupsOf, intervalSentence } from './groups.ts';
import { differencesOf, type Protocol, protocolOf } from './protocol.ts';
import type { Per } from './questions.ts';
import { rankEvents } from './ranks.ts';
import { drawRankings, type Sample } from './sample.ts';
import { repeatsSentence, type SeenRule, seenRule, seenSentence } from './seen.ts';
import { listOf, rankingSentence, sampleSentence } from './sentences.ts';

/** One run. It is opened, ranks, and is closed before the next one is opened. */
export interface Contestant {
  /** What the table calls it. Runs of one name, which differ by their seeds, are one row: their mean for each event. */
  readonly name: string;
  readonly dataset: Dataset;
  readonly plan: Plan;
  open(part: Part): Promise<{ readonly scorer: Scorer; close(): Promise<void> }>;
}

export interface CompareOptions extends BootstrapOptions {
  readonly part: Part;
  readonly measures: readonly Measure[];
  /**
   * Whether what the user had before an event leaves its ranking, as far as it is known to the first run. Default: what the data
   * blocks of the runs declare.
   */
  readonly removeSeen?: boolean;
  /** Adds the baselines, which read the history that the first run reads. */
  readonly baselines?: BaselineChoice;
  /** As for `evaluate`. */
  readonly product?: MakeProduct;
  /** As for `evaluate`. */
  readonly onBaselines?: (names: readonly string[], seconds: number) => void;
  /** As for `evaluate`. */
  readonly by?: string;
  /** What figures are the mean of. Default: what the data blocks of the runs declare. */
  readonly per?: Per;
  /** The row that the others are compared with, by its name. Default: the first. */
  readonly against?: string;
  /** As for `evaluate`. */
  readonly sample?: number;
}

export interface Comparison {
  readonly part: Part;
  readonly per: Per;
  readonly events: number;
  /** As of `Evaluation`. */
  readonly sample?: Sample;
  readonly items: number;
  readonly metrics: readonly string[];
  /** Name of the row that the others are compared with. */
  readonly against: string;
  readonly rows: readonly ComparedRow[];
  /** Sentences: what the figures are figures of. */
  readonly protocol: readonly string[];
}

export interface ComparedRow {
  readonly name: string;
  /** By metric: the mean over all events, and its interval. */
  readonly figures: Readonly<Record<string, Interval>>;
  /** Less the row compared with, on the same draws; absent for that row. */
  readonly differences?: Readonly<Record<string, Interval>>;
}

/** @throws Failure `protocols-differ`, `too-few-rows`, `unknown-name` */
export async function compare(contestants: readonly Contestant[], options: CompareOptions): Promise<Comparison> {
  const [first] = contestants;
  invariant(first, 'there is a run to compare');
  const { part } = options;
  const measures = options.measures.filter(({ lists }) => lists === undefined);
  const excluded = options.measures.filter(({ lists }) => lists).map(({ label }) => label);
  const seen = seenRule(first.dataset, options.removeSeen);
  const per = options.per ?? perOf(first.dataset);
  const protocol = protocolOf(first.dataset, part);
  for (const other of contestants) refuseOther(first, protocol, other, seen, options.per);

  const names: string[] = [];
  /** How many runs a row is the mean of. */
  const runs: number[] = [];
  // By measure, then by row of the table.
  const values: Float64Array[][] = measures.map(() => []);
  const rankingCold: string[] = [];
  // What leaves the ranking is the same for all: what is known to the first.
  const wholeTask = makeTask({ ...first, part, per });
  const drawn = drawRankings(wholeTask, options.sample);
  const firstTask = drawn.of(wholeTask);
  // Before the runs rank, so that a wrong name is reported without delay.
  const compared = baselinesBeside(drawn.of(makeTask({ ...first, part, per, ...defined({ by: options.by }) })), {
    ...first,
    part,
    per,
    baselines: options.baselines ?? false,
    removeSeen: seen.removes,
    ...defined({ product: options.product }),
  });
  const rank = async ({ dataset }: Contestant, scorer: Scorer, name: string): Promise<void> => {
    const task: ScoringTask = {
      ...drawn.of(makeTask({ dataset, part, per })),
      ...defined({ seen: firstTask.seen, history: firstTask.history }),
    };
    const ranks = await rankEvents(task, scorer, seen.removes);
    const row = names.indexOf(name);
    runs[row === -1 ? names.push(name) - 1 : row] = (runs[row] ?? 0) + 1;
    if (ranks.ranksCold && row === -1) rankingCold.push(name);
    measures.forEach((measure, at) => {
      const found = valuesOf(task, ranks, measure);
      const before = values[at]![row];
      if (before) found.forEach((value, event) => void (before[event]! += value));
      else values[at]!.push(found);
    });
  };
  for (const contestant of contestants) {
    const { scorer, close } = await contestant.open(part);
    try {
      await rank(contestant, drawn.scorer(scorer), contestant.name);
    } finally {
      await close();
    }
  }
  const settings: string[] = [];
  if (compared.rows.length > 0) {
    options.onBaselines?.(
      compared.rows.map(({ name }) => name),
      compared.seconds,
    );
  }
  for (const { name, open } of compared.rows) {
    const { scorer, setting } = await open();
    await rank(first, scorer, name);
    settings.push(...settingSentence({ name, ...defined({ setting }) }));
  }

  const reference = options.against === undefined ? 0 : names.indexOf(options.against);
  if (reference === -1) {
    const name = options.against!;
    throw failure('unknown-name', { what: 'row of the comparison', name, nearest: nearest(name, names), known: names });
  }
  for (const series of values)
    series.forEach(
      (row, at) => void (runs[at]! > 1 && row.forEach((sum, event) => void (row[event] = sum / runs[at]!))),
    );
  const { group, groups, unit } = groupsOf(firstTask);
  const intervals = values.map((series) => bootstrap({ series, group, groups, reference }, options));
  const labels = measures.map(({ label }) => label);
  const pick = (of: 'means' | 'differences', row: number): Record<string, Interval> =>
    Object.fromEntries(labels.map((label, at) => [label, intervals[at]![of][row]!]));
  return {
    part,
    per,
    events: firstTask.events.rows,
    ...defined({ sample: drawn.sample }),
    items: protocol.sizes.corpus,
    metrics: labels,
    against: names[reference]!,
    rows: names.map((name, row) => ({
      name,
      figures: pick('means', row),
      ...(row === reference ? {} : { differences: pick('differences', row) }),
    })),
    protocol: [
      protocol.split,
      rankingSentence(firstTask, part),
      ...(drawn.sample ? [sampleSentence(drawn.sample, part)] : []),
      missSentence(rankingCold, names.length),
      seenSentence(seen, first.dataset, firstTask),
      ...[repeatsSentence(firstTask, seen) ?? []].flat(),
      intervalSentence(unit, options),
      ...(excluded.length > 0
        ? [`A comparison excludes ${excluded.join(', ')}: it is no mean over rankings, and has no interval.`]
        : []),
      ...settings,
      ...compared.leftOut,
    ],
  };
}

function refuseOther(
  first: Contestant,
  protocol: Protocol,
  other: Contestant,
  seen: SeenRule,
  per: Per | undefined,
): void {
  if (other === first) return;
  const differences = differencesOf(protocol, protocolOf(other.dataset, protocol.part));
  if (!seen.isAsked && seenRule(other.dataset).removes !== seen.removes) {
    const [a, b] = [first, other].map(({ dataset }) => `\`seen = ${dataset.seen}\``);
    differences.push(`${a}, and ${b}; choose \`--remove-seen\` or \`--keep-seen\``);
  }
  if (per === undefined && perOf(other.dataset) !== perOf(first.dataset)) {
    const [a, b] = [first, other].map(({ dataset }) => `\`evaluate = ${dataset.evaluate ?? 'per_event'}\``);
    differences.push(`${a}, and ${b}: choose \`--per user\` or \`--per event\``);
  }
  if (differences.length > 0) throw failure('protocols-differ', { first: first.name, other: other.name, differences });
}

/** Of how many rows those named rank items without training events. */
export function missSentence(rankingCold: readonly string[], rows: number): string {
  const ties = 'Items with equal scores share their ranks';
  if (rankingCold.length === 0) return `${ties}; an item without training events is a miss.`;
  const others = rankingCold.length < rows ? '; in the other rows they are misses' : '';
  return `${ties}; ${listOf(rankingCold)} ${rankingCold.length === 1 ? 'ranks' : 'rank'} items without training events by content${others}.`;
}
