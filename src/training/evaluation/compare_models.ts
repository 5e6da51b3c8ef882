/** Compares runs under one protocol: the same events, ranked among the same items, with intervals by user. */
import { createHash } from 'node:crypto';
import { failure, invariant } from '../../base/diagnostics/diagnostic.ts';
import { findNearest } from '../../base/text/nearest.ts';
import type { Dataset, Part } from '../../data/dataset.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import type { Scorer, ScoringTask } from '../scoring/scorer.ts';
import { chooseBaselines, defaultPer, makeTask, withContext } from './contestants.ts';
import { type EvaluateOptions, settingSentence } from './evaluate_model.ts';
import { isMean, longestListLength, metricValues } from './figures.ts';
import {
  drawRankings,
  type Per,
  type RankingSample,
  repeatsSentence,
  type SeenRule,
  seenRule,
  seenSentence,
} from './ranking_questions.ts';
import { rankEvents } from './ranks.ts';
import { joinNames, rankingSentence, sampleSentence } from './sentences.ts';
import { type BootstrapOptions, bootstrap, groupsOf, type Interval, intervalSentence } from './slices.ts';

/** One run. Each run is closed before the next one is opened. */
export interface Contestant {
  /** Name of the row. Runs of one name, which differ by their seeds, are one row: their mean for each event. */
  readonly name: string;
  readonly dataset: Dataset;
  readonly plan: Plan;
  open(part: Part): Promise<{ readonly scorer: Scorer; close(): Promise<void> }>;
}

/**
 * Options as for `evaluate`. The first run supplies the history that baselines read and the seen items that rankings leave out. The data blocks of
 * the runs supply the defaults.
 */
export interface CompareOptions
  extends BootstrapOptions,
    Pick<
      EvaluateOptions,
      'part' | 'measures' | 'removeSeen' | 'baselines' | 'product' | 'onBaselines' | 'by' | 'per' | 'sample'
    > {
  /** The row that the others are compared with, by its name. Default: the first. */
  readonly against?: string;
}

export interface Comparison {
  readonly part: Part;
  readonly per: Per;
  readonly events: number;
  readonly sample?: RankingSample;
  readonly items: number;
  readonly metrics: readonly string[];
  readonly against: string;
  readonly rows: readonly ComparedRow[];
  readonly protocol: readonly string[];
}

export interface ComparedRow {
  readonly name: string;
  /** By metric: the mean over all events, and its interval. */
  readonly figures: Readonly<Record<string, Interval>>;
  /** The difference to the reference row, over the same bootstrap draws. Absent for the reference row itself. */
  readonly differences?: Readonly<Record<string, Interval>>;
}

/** @throws Failure `protocols-differ`, `too-few-rows`, `unknown-name` */
export async function compareContestants(
  contestants: readonly Contestant[],
  options: CompareOptions,
): Promise<Comparison> {
  const [first] = contestants;
  invariant(first, 'there is a run to compare');
  const { part } = options;
  const measures = options.measures.filter(isMean);
  const excludedLabels = options.measures.filter((measure) => !isMean(measure)).map(({ label }) => label);
  const seenOption = seenRule(first.dataset, options.removeSeen);
  const per = options.per ?? defaultPer(first.dataset);
  const protocol = evaluationProtocol(first.dataset, part);
  for (const other of contestants) refuseUnlikeProtocol(first, protocol, other, seenOption, options.per);

  const rowNames: string[] = [];
  /** Number of runs that each row averages. */
  const runsOfRow: number[] = [];
  // Indexed by measure, then by row of the table.
  const seriesByMeasure: Float64Array[][] = measures.map(() => []);
  const rankingCold: string[] = [];
  // The items that leave the ranking are the same for all: those that the first run knows.
  const wholeTask = makeTask({ ...first, part, per });
  const drawnRankings = drawRankings(wholeTask, options.sample);
  const firstTask = drawnRankings.sampleTask(wholeTask);
  const dataset = await withContext(first.dataset, options.by);
  // Baselines are chosen before the runs are ranked, so that a wrong name is reported without delay.
  const baselineTask = drawnRankings.sampleTask(makeTask({ ...first, dataset, part, per, by: options.by }));
  const { baselines = false, product } = options;
  const removeSeen = seenOption.removes;
  const chosenBaselines = chooseBaselines(baselineTask, { ...first, part, per, baselines, removeSeen, product });
  const rank = async ({ dataset }: Contestant, scorer: Scorer, name: string): Promise<void> => {
    const task: ScoringTask = {
      ...drawnRankings.sampleTask(makeTask({ dataset, part, per })),
      seen: firstTask.seen,
      history: firstTask.history,
    };
    const ranks = await rankEvents(task, scorer, removeSeen, longestListLength(measures));
    const isNew = !rowNames.includes(name);
    if (isNew) rowNames.push(name);
    const row = rowNames.indexOf(name);
    runsOfRow[row] = (runsOfRow[row] ?? 0) + 1;
    if (ranks.ranksCold && isNew) rankingCold.push(name);
    for (const [index, measure] of measures.entries()) {
      const eventValues = metricValues(task, ranks, measure);
      const sums = (seriesByMeasure[index]![row] ??= new Float64Array(eventValues.length));
      for (const [event, value] of eventValues.entries()) sums[event]! += value;
    }
  };
  for (const contestant of contestants) {
    const { scorer, close } = await contestant.open(part);
    try {
      await rank(contestant, drawnRankings.sampleScorer(scorer), contestant.name);
    } finally {
      await close();
    }
  }
  const settingSentences: string[] = [];
  const baselineNames = chosenBaselines.rows.map((row) => row.name);
  if (baselineNames.length > 0) options.onBaselines?.(baselineNames, chosenBaselines.seconds);
  for (const { name, open } of chosenBaselines.rows) {
    const { scorer, setting } = await open();
    await rank(first, scorer, name);
    for (const sentence of settingSentence({ name, setting })) settingSentences.push(sentence);
  }

  const { against: name = rowNames[0]! } = options;
  const reference = rowNames.indexOf(name);
  if (reference === -1) {
    const nearest = findNearest(name, rowNames);
    throw failure('unknown-name', { what: 'row of the comparison', name, nearest, known: rowNames });
  }
  for (const series of seriesByMeasure)
    for (const [row, sums] of series.entries())
      for (const [event, sum] of sums.entries()) sums[event] = sum / runsOfRow[row]!;
  const { group, groups, unit } = groupsOf(firstTask);
  const intervals = seriesByMeasure.map((series) => bootstrap({ series, group, groups, reference }, options));
  const metricLabels = measures.map(({ label }) => label);
  const intervalsOfRow = (statistic: 'means' | 'differences', row: number): Record<string, Interval> =>
    Object.fromEntries(metricLabels.map((label, index) => [label, intervals[index]![statistic][row]!]));
  return {
    part,
    per,
    events: firstTask.events.rows,
    sample: drawnRankings.sample,
    items: protocol.sizes.corpus,
    metrics: metricLabels,
    against: rowNames[reference]!,
    rows: rowNames.map((name, row) => ({
      name,
      figures: intervalsOfRow('means', row),
      ...(row === reference ? {} : { differences: intervalsOfRow('differences', row) }),
    })),
    protocol: [
      protocol.split,
      rankingSentence(firstTask, part),
      ...(drawnRankings.sample ? [sampleSentence(drawnRankings.sample, part)] : []),
      missSentence(rankingCold, rowNames.length),
      seenSentence(seenOption, first.dataset, firstTask),
      ...[repeatsSentence(firstTask, seenOption) ?? []].flat(),
      intervalSentence(unit, options),
      ...(excludedLabels.length > 0
        ? [`A comparison excludes ${joinNames(excludedLabels)}: no mean over rankings, and so without an interval.`]
        : []),
      ...settingSentences,
      ...chosenBaselines.leftOut,
    ],
  };
}

function refuseUnlikeProtocol(
  first: Contestant,
  protocol: Protocol,
  other: Contestant,
  seen: SeenRule,
  per: Per | undefined,
): void {
  if (other === first) return;
  const protocolDifferences = differencesOf(protocol, evaluationProtocol(other.dataset, protocol.part));
  if (!seen.isRequested && seenRule(other.dataset).removes !== seen.removes) {
    const [a, b] = [first, other].map(({ dataset }) => `\`seen = ${dataset.seen}\``);
    protocolDifferences.push(`${a}, and ${b}; choose \`--remove-seen\` or \`--keep-seen\``);
  }
  if (per === undefined && defaultPer(other.dataset) !== defaultPer(first.dataset)) {
    const [a, b] = [first, other].map(({ dataset }) => `\`evaluate = ${dataset.evaluate ?? 'per_event'}\``);
    protocolDifferences.push(`${a}, and ${b}: choose \`--per user\` or \`--per event\``);
  }
  if (protocolDifferences.length > 0)
    throw failure('protocols-differ', { first: first.name, other: other.name, differences: protocolDifferences });
}

/** @param rows number of rows; the rows in `rankingCold` rank items without training events */
export function missSentence(rankingCold: readonly string[], rows: number): string {
  const tiesSentence = 'Items with equal scores share their ranks';
  if (rankingCold.length === 0) return `${tiesSentence}; an item without training events is a miss.`;
  const missesElsewhere = rankingCold.length < rows ? '; in the other rows they are misses' : '';
  return `${tiesSentence}; ${joinNames(rankingCold)} ${rankingCold.length === 1 ? 'ranks' : 'rank'} items without training events by content${missesElsewhere}.`;
}

/** Checksums of everything that must be equal for two evaluations to be comparable. */
interface Protocol {
  readonly part: Part;
  readonly sizes: { readonly corpus: number; readonly held: number; readonly training: number };
  /** Keys of the corpus, in order. */
  readonly corpus: string;
  /** User and item of each held-out event, in order. */
  readonly held: string;
  /** Items of each user's training events, in order, and how many of them each item has. */
  readonly training: string;
  readonly split: string;
}

export function evaluationProtocol(dataset: Dataset, part: Part): Protocol {
  const { corpus, parts, protocol } = dataset;
  return {
    part,
    sizes: { corpus: corpus.rows, held: parts[part].rows, training: parts.train.rows },
    corpus: checksum((add) => {
      for (const key of corpus.keys) add(key);
    }),
    held: eventsChecksum(dataset, part),
    training: trainingChecksum(dataset),
    split: protocol[0] ?? '',
  };
}

/** Describes how two protocols differ. The list is empty if their figures may be compared. */
export function differencesOf(first: Protocol, other: Protocol): string[] {
  const differenceWords: string[] = [];
  const addCounts = (what: string, sizeName: keyof Protocol['sizes']): void => {
    const [a, b] = [first.sizes[sizeName], other.sizes[sizeName]].map((count) => count.toLocaleString('en'));
    differenceWords.push(a === b ? `other ${what}, ${a} in both` : `${a} ${what}, and ${b}`);
  };
  if (first.part !== other.part) differenceWords.push(`the ${first.part} part, and the ${other.part} part`);
  if (first.corpus !== other.corpus) addCounts('items to rank', 'corpus');
  if (first.held !== other.held) addCounts(`${first.part} events`, 'held');
  if (first.training !== other.training) addCounts('training events', 'training');
  if (differenceWords.length > 0 && first.split !== other.split)
    differenceWords.push(`“${first.split}”, and “${other.split}”`);
  return differenceWords;
}

function eventsChecksum({ parts, corpus, users }: Dataset, part: Part): string {
  const { item, user, rows } = parts[part];
  return checksum((add) => {
    for (let row = 0; row < rows; row++) {
      add(user[row]! < 0 ? '' : users.keys.at(user[row]!)!);
      add(item[row]! < 0 ? '' : corpus.keys.at(item[row]!)!);
    }
  });
}

/** Reads only data that is in memory even if the training rows are in shards. */
function trainingChecksum({ corpus, users: { keys, seen } }: Dataset): string {
  return checksum((add) => {
    for (const count of corpus.trainingCounts) add(String(count));
    for (let user = 0; user < keys.length; user++) {
      add(keys.at(user)!);
      for (let index = seen.starts[user]!; index < seen.ends[user]!; index++) {
        const item = seen.values[index]!;
        add(item < 0 ? '' : corpus.keys.at(item)!);
      }
    }
  });
}

function checksum(writeTexts: (add: (text: string) => void) => void): string {
  const hash = createHash('sha256');
  let pendingTexts: string[] = [];
  const flush = (): void => {
    if (pendingTexts.length > 0) hash.update(JSON.stringify(pendingTexts));
    pendingTexts = [];
  };
  writeTexts((text) => {
    if (pendingTexts.push(text) === 8192) flush();
  });
  flush();
  return hash.digest('hex');
}
