/** Measures how well a model ranks held-out events, next to baselines under the same protocol, and describes the protocol in sentences. */
import { makeRandom } from '../../base/random/random.ts';
import type { Part } from '../../data/dataset.ts';
import type { Attention, Predictions, Scorer, ScoringTask, Spread } from '../scoring/scorer.ts';
import { type BaselineOptions, chooseBaselines, makeTask, type OpenBaseline, withContext } from './contestants.ts';
import { type Exposure, exposedList, exposureOf, exposureOfHeld } from './exposure.ts';
import { type ColdItems, coldItems, type Figures, figuresOf, longestListLength, type Measure } from './figures.ts';
import type { ItemMap } from './item_map.ts';
import { type LinesToBeat, linesToBeat } from './lines_to_beat.ts';
import {
  bagAt,
  bagOf,
  drawRankings,
  itemsInTraining,
  type Per,
  questionsOf,
  type RankingSample,
  repeatsSentence,
  scorerOverRows,
  seenRule,
  seenSentence,
  taskOverRows,
} from './ranking_questions.ts';
import { rankEvents } from './ranks.ts';
import { coldSentence, rankingSentence, sampleSentence } from './sentences.ts';
import { type IntervalsOf, makeLeads, type Slices, slicesOf } from './slices.ts';
import { type TaskFigures, taskFigures, taskSentences } from './task_figures.ts';

export interface Evaluation {
  readonly part: Part;
  readonly per: Per;
  readonly events: number;
  /** Number of rankings: one per event, or one per user. */
  readonly rankings: number;
  /** Present if only a random sample of the part's rankings was made. */
  readonly sample?: RankingSample;
  readonly items: number;
  readonly cold: ColdItems;
  readonly metrics: readonly string[];
  /** The model first, then the baselines. */
  readonly rows: readonly EvaluationRow[];
  readonly slices: Slices;
  /** Which items users took, to compare with those that are shown. */
  readonly held?: Exposure;
  /** For the validation part, below whose curves they are drawn. */
  readonly linesToBeat?: LinesToBeat;
  /** The items with the most training events, on the plane in which their vectors vary most. */
  readonly map?: ItemMap;
  readonly examples?: readonly RankingExample[];
  /** Weights of blocks that weigh fields. Absent if the model has none. */
  readonly attention?: readonly Attention[];
  /** Describes the distribution of the vectors of the tables and of the items. */
  readonly spreads?: readonly Spread[];
  /** Figures of each task that predicts a label of one event. Absent if there is none. */
  readonly tasks?: readonly TaskFigures[];
  /** Sentences that describe how the figures were measured. */
  readonly protocol: readonly string[];
}

export interface EvaluationRow extends Figures {
  readonly name: string;
  readonly doc: string;
  readonly setting?: string;
  readonly milliseconds: number;
  /** Bootstrap intervals of `all`, with users as groups. A metric of all rankings together has none. */
  readonly intervals?: IntervalsOf;
  /** The model's figure minus that of this baseline, on the same draws. */
  readonly lead?: IntervalsOf;
  /** Which items its first places go to. */
  readonly exposure?: Exposure;
}

export interface EvaluateOptions extends Omit<BaselineOptions, 'removeSeen'> {
  /** The scorer to measure: `modelScorer` for a model. */
  readonly scorer: Scorer;
  readonly measures: readonly Measure[];
  readonly predictions?: Predictions;
  /** True if rankings exclude items that the user has seen. Default: as the data block declares. */
  readonly removeSeen?: boolean;
  /**
   * Maximum number of rankings. If the part has more, they are drawn at random with a fixed seed, the same for every model of the same data. Figures of tasks
   * cover all events. Default: all.
   */
  readonly sample?: number;
  /** Called before the first baseline, if there is one, with their names and about how many seconds they take together. */
  readonly onBaselines?: (names: readonly string[], seconds: number) => void;
}

/** @throws Failure `too-few-rows` if the part is empty, `unknown-name` */
export async function evaluateModel(options: EvaluateOptions): Promise<Evaluation> {
  const { dataset, part, measures } = options;
  const seenOption = seenRule(dataset, options.removeSeen);
  const wholeTask = makeTask({ ...options, dataset: await withContext(dataset, options.by) });
  const drawnRankings = drawRankings(wholeTask, options.sample);
  const { sample } = drawnRankings;
  const task = drawnRankings.sampleTask(wholeTask);
  const scorer = drawnRankings.sampleScorer(options.scorer);
  const { events } = task;
  const chosenBaselines = chooseBaselines(task, { ...options, removeSeen: seenOption.removes });
  const rows: EvaluationRow[] = [];
  const leads = makeLeads(task, measures);
  const listLength = Math.max(longestListLength(measures), exposedList);
  let slices: Slices | undefined;
  const modelRow = { name: scorer.name, open: async (): Promise<OpenBaseline> => ({ scorer }) };
  const baselineNames = chosenBaselines.rows.map((row) => row.name);
  for (const { name, open } of [modelRow, ...chosenBaselines.rows]) {
    if (rows.length === 1) options.onBaselines?.(baselineNames, chosenBaselines.seconds);
    const rankingStart = performance.now();
    const { scorer, setting } = await open();
    const ranks = await rankEvents(task, scorer, seenOption.removes, listLength);
    const figures = figuresOf(task, ranks, measures);
    leads.add(ranks);
    slices ??= slicesOf(task, ranks, measures);
    const milliseconds = performance.now() - rankingStart;
    rows.push({ name, doc: scorer.doc, setting, ...figures, exposure: exposureOf(task, ranks), milliseconds });
  }
  // A validation has the rules of the data block, so with others there is nothing to compare.
  const isAsValidated = part === 'test' && options.per === undefined && options.removeSeen === undefined;
  const lines = isAsValidated ? await linesToBeat(options, measures, seenOption.removes) : undefined;
  const examples = await examplesOf(task, scorer, seenOption.removes);
  const intervals = leads.rows();
  const coldCounts = coldItems(events, dataset.corpus);
  const { plan, predictions } = options;
  const figuresOfTasks = plan && predictions ? taskFigures(plan, dataset, part, predictions) : [];
  return {
    part,
    per: task.per!,
    events: events.rows,
    rankings: questionsOf(task).asks.length,
    sample,
    items: dataset.corpus.rows,
    cold: coldCounts,
    metrics: measures.map(({ label }) => label),
    rows: rows.map((row, index) => ({ ...row, ...intervals[index] })),
    slices: slices!,
    held: exposureOfHeld(task),
    linesToBeat: lines,
    ...(examples.length > 0 ? { examples } : {}),
    ...(figuresOfTasks.length > 0 ? { tasks: figuresOfTasks } : {}),
    protocol: [
      ...dataset.protocol,
      rankingSentence(task, part),
      ...(sample ? [sampleSentence(sample, part)] : []),
      'Items with equal scores share their ranks: each figure is the mean over all their orders.',
      seenSentence(seenOption, dataset, task),
      ...[repeatsSentence(task, seenOption) ?? []].flat(),
      coldSentence(coldCounts, events.rows, rows),
      leads.sentence,
      ...rows.flatMap(settingSentence),
      ...chosenBaselines.leftOut,
      ...taskSentences(figuresOfTasks, part),
    ],
  };
}

export const settingSentence = ({ name, setting }: Pick<EvaluationRow, 'name' | 'setting'>): string[] =>
  setting === undefined ? [] : [`${name}: ${setting}.`];

export interface ExampleItem {
  readonly key: string;
  readonly title?: string;
}

export interface RankingExample {
  /** Absent if the query has no key. */
  readonly user?: string;
  /** The latest first. */
  readonly history: readonly ExampleItem[];
  readonly had: number;
  /** Held-out items with the rank of each. An item without a rank cannot be ranked. */
  readonly held: readonly (ExampleItem & { readonly rank?: number })[];
  readonly answers: readonly (ExampleItem & { readonly isHeld: boolean })[];
}

const [maxExamples, maxAnswers, maxHistory, maxHeld] = [10, 10, 10, 5];
const exampleStream = 0x3e5d;

/** Draws different users with a fixed seed: the same for every model of the same data, so that runs can be compared by eye. */
async function examplesOf(task: ScoringTask, scorer: Scorer, removeSeen: boolean): Promise<readonly RankingExample[]> {
  const { asks, held } = questionsOf(task);
  const { events, users, corpus } = task;
  const chosenQuestions: number[] = [];
  const chosenUsers = new Set<number>();
  for (const question of makeRandom(1, exampleStream).permutation(asks.length)) {
    if (chosenQuestions.length === maxExamples) break;
    const user = events.user[asks[question]!]!;
    const isRanked = [...bagAt(held, question)].some((row) => events.item[row]! >= 0);
    if (!isRanked || (user >= 0 && chosenUsers.has(user))) continue;
    chosenUsers.add(user);
    chosenQuestions.push(question);
  }
  const rowsOf = chosenQuestions.map((question) => [...bagAt(held, question)]);
  const rows = Int32Array.from(rowsOf.flat());
  if (rows.length === 0) return [];
  // The scorer expects rows of the whole task.
  const exampleTask = taskOverRows(task, rows);
  const ranks = await rankEvents(exampleTask, scorerOverRows(scorer, rows), removeSeen, maxAnswers);
  const exampleItem = (row: number): ExampleItem => ({ key: corpus.keys.at(row)!, title: corpus.titles?.at(row) });
  const { asks: someAsks, held: someHeld } = questionsOf(exampleTask);
  return [...someAsks].map((event, question): RankingExample => {
    const user = exampleTask.events.user[event]!;
    const historyItems = historyOf(exampleTask, event);
    const heldOut = [...bagAt(someHeld, question)].map((row) => ({ row, item: exampleTask.events.item[row]! }));
    const heldItems = new Set(heldOut.map(({ item }) => item));
    return {
      user: user < 0 ? undefined : users.keys.at(user),
      history: historyItems.slice(-maxHistory).reverse().map(exampleItem),
      had: historyItems.length,
      held: heldOut
        .filter(({ item }) => item >= 0)
        .slice(0, maxHeld)
        .map(({ row, item }) => ({ ...exampleItem(item), ...rankOf(ranks, row, corpus.trainingCounts[item]! > 0) })),
      answers: [...ranks.lists!.items.subarray(question * maxAnswers, (question + 1) * maxAnswers)]
        .filter((row) => row >= 0)
        .map((row) => ({ ...exampleItem(row), isHeld: heldItems.has(row) })),
    };
  });
}

const rankOf = (
  { better, corpus, ranksCold }: Awaited<ReturnType<typeof rankEvents>>,
  row: number,
  isWarm: boolean,
): { rank?: number } => (corpus[row]! > 0 && (isWarm || ranksCold) ? { rank: better[row]! + 1 } : {});

/** Returns, in time order, the items that the model reads with the event, or else those of the user's training events. */
function historyOf(task: ScoringTask, row: number): number[] {
  const items = task.history ? bagOf(task.history, row) : itemsInTraining(task, row);
  return [...items].filter((item) => item >= 0);
}
