/** Makes the task that every scorer gets for one held-out part, and chooses the baselines that can score it. */

import { failure } from '../../base/diagnostics/diagnostic.ts';
import { findNearest } from '../../base/text/nearest.ts';
import { reuseFloats } from '../../base/util/objects.ts';
import type { Dataset, Encoding, Events, IndexedBags, IndexedColumn, Part } from '../../data/dataset.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import { freeBytes } from '../embedding/table_memory.ts';
import { type MakeProduct, plainProduct } from '../scoring/matrix_product.ts';
import type { Context, Scorer, ScoringTask } from '../scoring/scorer.ts';
import {
  type Baseline,
  defineBaseline,
  historyScorer,
  interactionsCost,
  type TrainingInteractions,
  type TunedBaseline,
  trainingInteractions,
  whyNoHistory,
} from './baselines/baseline.ts';
import { baselines } from './baselines/table.ts';
import { chooseSetting, choosingEvents, decays } from './baselines/tune_baselines.ts';
import { bagOf, makeBags, type Per, questionsOf } from './ranking_questions.ts';
import { duration } from './sentences.ts';

/**
 * score(j) = number of training events of item j that have the event's own value of one feature; all events of j decide ties. This baseline is excluded if no
 * feature is named.
 */
export const popularityBy = defineBaseline({
  doc: 'the number of training events of each item with the same value of one feature',
  whyMissing: ({ context }) => (context ? undefined : 'no feature is named'),
  prepare({ corpus, context }: ScoringTask) {
    const { rows: items, trainingCounts } = corpus;
    const eventTotal = trainingCounts.reduce((sum, count) => sum + count, 0) + 1;
    const countsByValue = new Map<number, Float32Array>();
    const overallCounts = Float32Array.from(trainingCounts, (count) => count / eventTotal);
    const { training, item, asked } = context!;
    for (const [row, value] of training.entries()) {
      if (item[row]! < 0) continue;
      const ownCounts = countsByValue.get(value) ?? overallCounts.slice();
      countsByValue.set(value, ownCounts);
      ownCounts[item[row]!]!++;
    }
    const floats = reuseFloats();
    return {
      score(rows) {
        const scores = floats(rows.length * items);
        rows.forEach((row, i) => {
          scores.set(countsByValue.get(asked[row]!) ?? overallCounts, i * items);
        });
        return scores;
      },
    };
  },
});

export interface TaskOptions {
  readonly dataset: Dataset;
  readonly part: Part;
  /** Determines the history that the model reads, so that baselines know no less. */
  readonly plan?: Plan;
  /** A feature of the query tower with one code per row: adds a baseline by popularity among events with the same value. */
  readonly by?: string;
  /** Tells if figures are means over events or over users. Default: as the data block declares. */
  readonly per?: Per;
}

/** @throws Failure `too-few-rows` if the part is empty, `unknown-name` */
export function makeTask({ dataset, part, plan, by, per = defaultPer(dataset) }: TaskOptions): ScoringTask {
  const events = dataset.parts[part];
  if (events.rows === 0) throw failure('too-few-rows', { part, rows: 0, needed: 1 });
  const { corpus, users } = dataset;
  const givenItems = plan ? itemsGivenBy(plan, events) : [];
  const { earlier, givesEarlier } = events;
  const history = givesEarlier ? earlier : uniteBags(givenItems, events);
  // Per user, several items are held out together, and no item of a held-out part was seen before all others.
  const seenItems = per === 'user' && !givesEarlier ? [] : [...(earlier ? [earlier] : []), ...givenItems];
  const context = by === undefined || plan === undefined ? undefined : contextOf(dataset, part, plan, by);
  return { events, corpus, users, seen: seenItems, per, history, context };
}

/** Returns a data set whose training rows have the feature `by` and the items: those in shards are read once, and take 8 bytes each. */
export async function withContext(dataset: Dataset, by: string | undefined): Promise<Dataset> {
  const { shards, parts } = dataset;
  const { rows, units } = parts.train;
  // The shards of a run that continues another one have new events alone.
  if (by === undefined || !shards || units?.fresh !== undefined) return dataset;
  const item = new Int32Array(rows);
  const values = new Int32Array(rows);
  let from = 0;
  for (const pile of shards.piles.keys()) {
    const events = await shards.read([pile]);
    const column = events.features.get(by);
    if (column === undefined) return dataset;
    item.set(events.item, from);
    values.set(codesOf(column, events.rows), from);
    from += events.rows;
  }
  const features = new Map([[by, { column: { kind: 'codes' as const, values } }]]);
  const train = { rows, features, item, labels: new Map(), user: new Int32Array(0) };
  return { ...dataset, parts: { ...parts, train } };
}

export const defaultPer = ({ evaluate }: Pick<Dataset, 'evaluate'>): Per =>
  evaluate === 'per_user' ? 'user' : 'event';

function contextOf({ parts, encodings }: Dataset, part: Part, { towers, features }: Plan, by: string): Context {
  const codeFeatures = features.filter(({ name, gives }) => gives === 'code' && towers[0].features.includes(name));
  const feature = codeFeatures.find(({ name }) => name === by);
  if (!feature) {
    const known = codeFeatures.map(({ name }) => name);
    const what = `feature of one code in tower \`${towers[0].name}\``;
    throw failure('unknown-name', { what, name: by, nearest: findNearest(by, known), known });
  }
  return {
    feature: by,
    words: valueNamer(encodings.get(feature.encoderOf)),
    training: codesOf(parts.train.features.get(by)!, parts.train.rows),
    item: parts.train.item,
    asked: codesOf(parts[part].features.get(by)!, parts[part].rows),
  };
}

function valueNamer(encoding: Encoding | undefined): (code: number) => string {
  if (encoding?.kind === 'vocabulary') return (code) => (code === 0 ? '(unknown)' : encoding.values.at(code - 1)!);
  if (encoding?.kind !== 'boundaries') return (code) => `${code}`;
  const { boundaries } = encoding;
  return (code) => {
    if (code > boundaries.length) return '(missing)';
    if (code === 0) return `below ${boundaries[0]}`;
    const upperEnd = boundaries[code];
    return upperEnd === undefined ? `${boundaries[code - 1]} or more` : `${boundaries[code - 1]} to below ${upperEnd}`;
  };
}

function codesOf({ column, index }: IndexedColumn, rows: number): Int32Array {
  if (column.kind !== 'codes') return new Int32Array(rows);
  return index ? index.map((row) => column.values[row]!) : column.values;
}

/** Baselines to evaluate: `true` for as many as take about a minute together, `all`, `none` or `false`, or some by name. */
export type BaselineChoice = boolean | 'all' | 'none' | readonly string[];

export interface BaselineOptions extends TaskOptions {
  /** Default: true, which takes the quickest ones, as many as need about a minute together. */
  readonly baselines?: BaselineChoice;
  readonly removeSeen: boolean;
  /** Multiplies large matrices. Default: plain code. */
  readonly product?: MakeProduct;
}

/** Maximum seconds on one core for all baselines together, unless they are requested. */
const maxSeconds = 60;
/** Steps of plain code per second on one core: measured on MovieLens and Toys, and rounded down. */
export const stepsPerSecond = 3e8;
/** Steps to rank one item for one event after it is scored. Measured; with 10 million items it is 0.15. */
const rankingSteps = 0.25;

/** The chosen baselines of a task, which are opened one after the other, and a sentence for each that is excluded. */
export interface ChosenBaselines {
  /** In the order of printing. */
  readonly rows: readonly BaselineCandidate[];
  readonly leftOut: readonly string[];
  readonly seconds: number;
}

export interface OpenBaseline {
  readonly scorer: Scorer;
  /** `λ = 250, chosen out of 6 by …`; undefined if there is nothing to choose. */
  readonly setting?: string;
}

interface BaselineCandidate {
  readonly name: string;
  readonly seconds: number;
  /** Chooses the setting if there are several. */
  open(): Promise<OpenBaseline>;
}

/** Estimates the seconds to choose a setting on the validation part, and to make `rankings` more. */
export function secondsToTune(
  row: TunedBaseline,
  training: TrainingInteractions,
  { parts, knownUntil }: Pick<Dataset, 'parts' | 'knownUntil'>,
  rankings: number,
): number {
  const triedCount = row.settings.length + (row.weighsHistory && knownUntil !== undefined ? decays.length : 0);
  const rankedEvents = rankings + triedCount * Math.min(parts.validation.rows, choosingEvents);
  const steps = row.steps(training) + rankedEvents * row.eventSteps(training);
  return (steps + rankedEvents * training.items * rankingSteps) / stepsPerSecond;
}

/** @throws Failure `unknown-name` if the choice names an unknown baseline */
export function chooseBaselines(task: ScoringTask, options: BaselineOptions): ChosenBaselines {
  const { baselines: choice = true, dataset, plan, product } = options;
  const rankingCount = questionsOf(task).asks.length;
  const candidates: BaselineCandidate[] = [];
  const leftOut: string[] = [];
  const training = memoize(() => trainingInteractions(task));
  const validation = memoize(() => {
    if (dataset.parts.validation.rows === 0) return undefined;
    return makeTask({ dataset, part: 'validation', plan, per: task.per });
  });
  const readingCost = memoize(() => interactionsCost(task));
  const candidateOf = (name: string, row: Baseline | TunedBaseline): BaselineCandidate | string => {
    const isTuned = 'settings' in row;
    const missingReason = isTuned ? whyNoHistory(task) : row.whyMissing?.(task);
    if (missingReason !== undefined) return missingReason;
    if (isTuned || row.readsInteractions) {
      const unreadReason = tooLarge(readingCost().bytes);
      if (unreadReason !== undefined) return unreadReason;
      if (choice === true && readingCost().steps / stepsPerSecond > maxSeconds)
        return `it would take more than a minute to read what users had; ${waitAdvice(name)}`;
    }
    if (!isTuned) {
      const open = async () => ({ scorer: { name, doc: row.doc, ...row.prepare(task) } });
      const steps = (row.steps?.(task) ?? 0) + rankingCount * task.corpus.rows * rankingSteps;
      return { name, seconds: steps / stepsPerSecond, open };
    }
    const memoryReason = tooLarge(row.bytes(training()));
    if (memoryReason !== undefined) return memoryReason;
    const open = async (): Promise<OpenBaseline> => {
      const multiply = (await product?.()) ?? plainProduct;
      try {
        const { scores, words, decay } = await chooseSetting(row, training(), {
          validation: validation(),
          removeSeen: options.removeSeen,
          product: multiply,
          ordered: dataset.knownUntil !== undefined,
        });
        const { score } = historyScorer(task, training().itemsOf, scores, decay);
        return { scorer: { name, doc: `${row.doc}; ${words}`, score }, setting: words };
      } finally {
        await multiply.close();
      }
    };
    return { name, seconds: secondsToTune(row, training(), dataset, rankingCount), open };
  };
  const addCandidate = (name: string, row: Baseline | TunedBaseline): void => {
    const candidate = candidateOf(name, row);
    if (typeof candidate === 'string') leftOut.push(`${name} is excluded: ${candidate}.`);
    else candidates.push(candidate);
  };
  for (const name of chosenNames(choice)) {
    addCandidate(name, baselines[name]!);
    if (name === 'popularity' && task.context) addCandidate(`popularity by ${task.context.feature}`, popularityBy);
  }
  const chosenRows = choice === true ? quickestCandidates(candidates) : candidates;
  for (const candidate of candidates) {
    if (chosenRows.includes(candidate)) continue;
    leftOut.push(
      `${candidate.name} is excluded: it would take about ${duration(candidate.seconds)} more; ${waitAdvice(candidate.name)}.`,
    );
  }
  return { rows: chosenRows, leftOut, seconds: chosenRows.reduce((sum, { seconds }) => sum + seconds, 0) };
}

const waitAdvice = (name: string): string => `\`--baselines ${name}\` or \`--baselines all\` waits for it`;

/** Returns the quickest candidates, as many as take `maxSeconds` together, in the given order. */
function quickestCandidates(candidates: readonly BaselineCandidate[]): readonly BaselineCandidate[] {
  let secondsLeft = maxSeconds;
  const chosenRows = new Set<BaselineCandidate>();
  for (const candidate of [...candidates].sort((a, b) => a.seconds - b.seconds)) {
    secondsLeft -= candidate.seconds;
    if (secondsLeft >= 0) chosenRows.add(candidate);
  }
  return candidates.filter((candidate) => chosenRows.has(candidate));
}

function chosenNames(choice: BaselineChoice): readonly string[] {
  const known = Object.keys(baselines);
  if (choice === false || choice === 'none') return [];
  if (choice === true || choice === 'all') return known;
  const name = choice.find((chosenName) => !known.includes(chosenName));
  if (name !== undefined)
    throw failure('unknown-name', { what: 'baseline', name, nearest: findNearest(name, known), known });
  return known.filter((knownName) => choice.includes(knownName));
}

function tooLarge(neededBytes: number): string | undefined {
  const freeMemory = freeBytes();
  return neededBytes > freeMemory
    ? `it needs ${formatBytes(neededBytes)} of memory, and ${formatBytes(freeMemory)} are free`
    : undefined;
}

const formatBytes = (bytes: number): string => `${Math.max(0, Math.round(bytes)).toLocaleString('en')} bytes`;

function memoize<T>(compute: () => T): () => T {
  let lazyValue: { readonly value: T } | undefined;
  return () => (lazyValue ??= { value: compute() }).value;
}

/** Returns the items that the query tower reads, in lists and alone, as corpus rows: one entry per feature. Baselines can read them too. */
export function itemsGivenBy({ towers }: Plan, { givenItems }: Events): IndexedBags[] {
  return towers[0].features.flatMap((name) => givenItems?.get(name) ?? []);
}

/** Joins the items that an event has in any of these bags into one bag, each item once. Returns undefined if there are no bags. */
export function uniteBags(bagsOfFeatures: readonly IndexedBags[], { rows }: Events): IndexedBags | undefined {
  if (bagsOfFeatures.length < 2) return bagsOfFeatures[0];
  return { bags: makeBags(rows, (row) => new Set(bagsOfFeatures.flatMap((bags) => [...bagOf(bags, row)]))) };
}
