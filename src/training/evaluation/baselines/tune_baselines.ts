/** Chooses the setting of a baseline that ranks the validation part best, and how much less an item counts the longer ago it was. */
import { invariant } from '../../../base/diagnostics/diagnostic.ts';
import { countText } from '../../../base/diagnostics/wording.ts';
import { listRowIndexes } from '../../../base/util/objects.ts';
import type { IndexedBags } from '../../../data/dataset.ts';
import type { Product } from '../../scoring/matrix_product.ts';
import type { Scorer, ScoringTask } from '../../scoring/scorer.ts';
import { figuresOf, makeMeasure } from '../figures.ts';
import { rowsByUser, taskOverRows } from '../ranking_questions.ts';
import { rankEvents } from '../ranks.ts';
import {
  type BaselineSetting,
  type HistoryScores,
  historyScorer,
  type TrainingInteractions,
  type TunedBaseline,
  trainingInteractions,
} from './baseline.ts';

export const choosingEvents = 5000;

const measure = makeMeasure({ metric: 'ndcg', k: 10 });

export interface ChoosingOptions {
  readonly validation: ScoringTask | undefined;
  readonly removeSeen: boolean;
  readonly product: Product;
  /** True if the events have an order, so that the ages of a history mean something. Default: false. */
  readonly ordered?: boolean;
}

/** Weight of an item of a history relative to that of the item after it. The first counts all alike. */
export const decays = [1, 0.9, 0.8, 0.7, 0.6, 0.4];

export interface ChosenSetting {
  readonly scores: HistoryScores;
  readonly setting: BaselineSetting;
  /** One of `decays`. */
  readonly decay: number;
  /** `λ = 250, chosen out of 6 by ndcg@10 on 5,000 of 19,412 validation events; decay = 0.8, chosen out of 6`. */
  readonly words: string;
}

/** Chooses the best setting, and the first of equally good ones. If there are more than `choosingEvents` validation events, it uses those of some users. */
export async function chooseSetting(
  row: TunedBaseline,
  training: TrainingInteractions,
  { validation, ordered = false, ...options }: ChoosingOptions,
): Promise<ChosenSetting> {
  if (validation === undefined) {
    const setting = row.settings[row.defaultSetting]!;
    const scores = await fitOne(row, training, setting, options.product);
    return { scores, setting, decay: 1, words: `${settingWords(setting)}, not chosen: there is no validation event` };
  }
  const itemCount = row.choosesAmong?.(training);
  const choosingTask = itemCount === undefined ? validation : keepTopItems(validation, itemCount);
  const isAmongAll = choosingTask === validation;
  const task = sampleUsers(choosingTask, choosingEvents);
  const bestSetting = await bestOf(row, isAmongAll ? training : trainingInteractions(task), task, options);
  const { setting, tried } = bestSetting;
  const scores = isAmongAll ? bestSetting.scores : await fitOne(row, training, setting, options.product);
  const eventsText = countText(validation.events.rows, 'validation event');
  const eventsClause =
    task.events.rows === validation.events.rows
      ? eventsText
      : `${task.events.rows.toLocaleString('en')} of ${eventsText}`;
  const topItemsClause = isAmongAll
    ? ''
    : `, among the ${choosingTask.corpus.rows.toLocaleString('en')} items with the most training events`;
  const words = `${settingWords(setting)}, chosen out of ${tried.length} by ${measure.label} on ${eventsClause}${topItemsClause}`;
  const endNames = endsReached(setting, tried);
  const endClause = endNames.length === 0 ? '' : `; ${endNames.join(' and ')} at the end of what was tried`;
  if (!row.weighsHistory || !ordered) return { scores, setting, decay: 1, words: words + endClause };
  const decayTask = isAmongAll ? task : sampleUsers(validation, choosingEvents);
  const valueAt = (decay: number): Promise<number> =>
    choosingValue(decayTask, historyScorer(decayTask, training.itemsOf, scores, decay), options.removeSeen);
  // The setting was measured without a decay, unless it was chosen among fewer items.
  const decay = await bestDecay(isAmongAll ? bestSetting.value : await valueAt(1), valueAt);
  return { scores, setting, decay, words: `${words}${endClause}; decay = ${decay}, chosen out of ${decays.length}` };
}

/** Names the arguments whose value is the least or the greatest of at least three that were tried. Nothing is less than 0. */
function endsReached(setting: BaselineSetting, settings: readonly BaselineSetting[]): readonly string[] {
  return Object.entries(setting).flatMap(([name, value]) => {
    const tried = [...new Set(settings.map((candidate) => candidate[name]!))];
    const isEnd = (value !== 0 && tried.every((other) => value <= other)) || tried.every((other) => value >= other);
    return tried.length > 2 && isEnd ? [name] : [];
  });
}

/** @param plainValue that of a decay of 1 */
async function bestDecay(plainValue: number, valueAt: (decay: number) => Promise<number>): Promise<number> {
  let best = { decay: 1, value: plainValue };
  for (const decay of decays.slice(1)) {
    const value = await valueAt(decay);
    if (value > best.value) best = { decay, value };
  }
  return best.decay;
}

/** Returns the metric by which settings are chosen. */
async function choosingValue(task: ScoringTask, scorer: Pick<Scorer, 'score'>, removeSeen: boolean): Promise<number> {
  const ranks = await rankEvents(task, { name: '', doc: '', ...scorer }, removeSeen);
  return figuresOf(task, ranks, [measure]).all[measure.label]!;
}

export async function fitOne(
  row: TunedBaseline,
  training: TrainingInteractions,
  setting: BaselineSetting,
  product: Product,
): Promise<HistoryScores> {
  let onlyScores: HistoryScores | undefined;
  for await (const scores of row.fitSettings(training, [setting], product)) onlyScores = scores;
  invariant(onlyScores, 'a setting has scores');
  return onlyScores;
}

interface BestSetting {
  readonly scores: HistoryScores;
  readonly setting: BaselineSetting;
  readonly value: number;
}

async function bestOf(
  row: TunedBaseline,
  training: TrainingInteractions,
  task: ScoringTask,
  { removeSeen, product }: Omit<ChoosingOptions, 'validation' | 'ordered'>,
): Promise<BestSetting & { readonly tried: readonly BaselineSetting[] }> {
  const measured = (scores: HistoryScores): Promise<number> =>
    choosingValue(task, historyScorer(task, training.itemsOf, scores), removeSeen);
  let bestSoFar: BestSetting | undefined;
  let settingIndex = 0;
  for await (const scores of row.fitSettings(training, row.settings, product)) {
    const setting = row.settings[settingIndex++]!;
    const value = await measured(scores);
    if (bestSoFar === undefined || value > bestSoFar.value) bestSoFar = { scores, setting, value };
  }
  const tried = [...row.settings];
  const best = await walkLadders(row, bestSoFar!, async (setting) => {
    const isTried = tried.some((triedSetting) => settingWords(triedSetting) === settingWords(setting));
    if (isTried || !(row.isWorthTime?.(training, setting) ?? true)) return undefined;
    tried.push(setting);
    const scores = await fitOne(row, training, setting, product);
    return { scores, setting, value: await measured(scores) };
  });
  return { ...best, tried };
}

/** @param attempt returns undefined for a setting that is not tried */
async function walkLadders(
  { ladders = {} }: TunedBaseline,
  start: BestSetting,
  attempt: (setting: BaselineSetting) => Promise<BestSetting | undefined>,
): Promise<BestSetting> {
  let best = start;
  for (const [name, ladder] of Object.entries(ladders)) {
    const first = best;
    for (const direction of [1, -1]) {
      for (;;) {
        const nextValue = ladder[ladder.indexOf(best.setting[name]!) + direction];
        const attempted = nextValue === undefined ? undefined : await attempt({ ...best.setting, [name]: nextValue });
        if (attempted === undefined || attempted.value <= best.value) break;
        best = attempted;
      }
      // Where a value was better in one direction, the other one is not tried.
      if (best !== first) break;
    }
  }
  return best;
}

export const settingWords = (setting: BaselineSetting): string =>
  Object.entries(setting)
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ');

/** Keeps about `maxEvents` events or fewer: all events of evenly spaced users. */
export function sampleUsers(task: ScoringTask, maxEvents: number): ScoringTask {
  const { events } = task;
  if (events.rows <= maxEvents) return task;
  const groups = [...rowsByUser(events).values()];
  const groupCount = Math.max(1, Math.floor((groups.length * maxEvents) / events.rows));
  const pickedRows = Int32Array.from(
    Array.from({ length: groupCount }, (_, index) => groups[Math.floor((index * groups.length) / groupCount)]!).flat(),
  );
  return taskOverRows(task, pickedRows);
}

/** Keeps the `maxItems` items with the most training events (the first of ties), and the events of these items. All users stay. */
export function keepTopItems(task: ScoringTask, maxItems: number): ScoringTask {
  const { events, corpus, users, history, seen } = task;
  if (corpus.rows <= maxItems) return task;
  const counts = corpus.trainingCounts;
  const keptItems = listRowIndexes(corpus.rows)
    .sort((a, b) => counts[b]! - counts[a]! || a - b)
    .subarray(0, maxItems)
    .sort();
  const rowOf = new Int32Array(corpus.rows).fill(-1);
  keptItems.forEach((item, row) => {
    rowOf[item] = row;
  });
  const reindexItems = (items: Int32Array): Int32Array => items.map((item) => (item < 0 ? -1 : rowOf[item]!));
  const newItems = reindexItems(events.item);
  const rows = listRowIndexes(events.rows).filter((row) => newItems[row]! >= 0);
  const reindexBags = ({ bags, index }: IndexedBags): IndexedBags => ({
    bags: { ...bags, values: reindexItems(bags.values) },
    index: rows.map((row) => (index ? index[row]! : row)),
  });
  const { context: _, ...taskRest } = task;
  return {
    ...taskRest,
    events: {
      rows: rows.length,
      features: new Map(),
      labels: new Map(),
      item: rows.map((row) => newItems[row]!),
      user: rows.map((row) => events.user[row]!),
    },
    corpus: { rows: maxItems, features: new Map(), keys: [], trainingCounts: keptItems.map((item) => counts[item]!) },
    users: { ...users, seen: { ...users.seen, values: reindexItems(users.seen.values) } },
    history: history && reindexBags(history),
    seen: seen?.map(reindexBags),
  };
}
