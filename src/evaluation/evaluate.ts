/** How well a model ranks held-out events, compared with baselines under the same protocol, and the protocol in sentences. */
import type { Dataset, Part } from '../data/dataset.ts';
import { defined } from '../defined.ts';
import type { Plan } from '../plan/plan.ts';
import type { Attention } from '../scoring/attention.ts';
import type { Predictions } from '../scoring/predictions.ts';
import type { MakeProduct } from '../scoring/product.ts';
import type { Scorer, ScoringTask } from '../scoring/scorer.ts';
import type { Spread } from '../scoring/spread.ts';
import { type BaselineChoice, baselinesBeside, makeTask, type OpenBaseline } from './contestants.ts';
import { type Example, examplesOf } from './examples.ts';
import { type ColdItems, coldItems, type Figures, figuresOf, type Measure } from './figures.ts';
import { type IntervalsOf, makeLeads } from './groups.ts';
import { listsOf } from './measures.ts';
import { type Per, questionsOf } from './questions.ts';
import { rankEvents } from './ranks.ts';
import { drawRankings, type Sample } from './sample.ts';
import { repeatsSentence, type SeenRule, seenRule, seenSentence } from './seen.ts';
import { coldSentence, rankingSentence, sampleSentence } from './sentences.ts';
import { type Slices, slicesOf } from './slices.ts';
import { type TaskFigures, taskFigures, taskSentences } from './task_figures.ts';

export interface Evaluation {
  readonly part: Part;
  /** What the figures are the mean of. */
  readonly per: Per;
  readonly events: number;
  /** Rankings that were made: one an event, or one a user. */
  readonly rankings: number;
  /** Where they are some of those of the part, drawn at random. */
  readonly sample?: Sample;
  readonly items: number;
  readonly cold: ColdItems;
  /** Labels of the metrics, in order. */
  readonly metrics: readonly string[];
  /** The model first, then the baselines. */
  readonly rows: readonly EvaluationRow[];
  /** The model's figures by popularity and by history length. */
  readonly slices: Slices;
  /** Some rankings of the model, drawn by chance. */
  readonly examples?: readonly Example[];
  /** Of blocks that weigh fields. Absent where the model has none. */
  readonly attention?: readonly Attention[];
  /** How the vectors of the tables and of the items lie. */
  readonly spreads?: readonly Spread[];
  /** Of each task that predicts a label of one event. Absent where none does. */
  readonly tasks?: readonly TaskFigures[];
  /** Sentences: what the figures are figures of. */
  readonly protocol: readonly string[];
}

export interface EvaluationRow extends Figures {
  readonly name: string;
  /** What it ranks by. */
  readonly doc: string;
  /** Of a baseline with settings: the one that validation chose, and out of how many. */
  readonly setting?: string;
  readonly milliseconds: number;
  /** Of `all`, by users drawn anew. A metric of all rankings together has none. */
  readonly intervals?: IntervalsOf;
  /** Of a baseline: the model's figure less this one, on the same draws. */
  readonly lead?: IntervalsOf;
}

export interface EvaluateOptions {
  readonly dataset: Dataset;
  readonly part: Part;
  /** What ranks: `modelScorer` for a model. */
  readonly scorer: Scorer;
  readonly measures: readonly Measure[];
  /** Of the model: says which history it reads, so that baselines know no less. */
  readonly plan?: Plan;
  /** What the tasks of the plan predict of the events of the part. */
  readonly predictions?: Predictions;
  /** A feature of the asking tower with one code a row: adds popularity among events of the same value. */
  readonly by?: string;
  /** Whether what the user had before an event leaves its ranking. Default: what the data block declares. */
  readonly removeSeen?: boolean;
  /** What figures are the mean of. Default: what the data block declares. */
  readonly per?: Per;
  /**
   * So many rankings, drawn at random from a fixed seed, the same for every model of the same data, where the part has more. Figures of
   * tasks are of all events. Default: all.
   */
  readonly sample?: number;
  /** False or `none`: the model alone. Default: true, as many baselines as take about a minute together. */
  readonly baselines?: BaselineChoice;
  /** Multiplies large matrices for a baseline. Default: plain code. */
  readonly product?: MakeProduct;
  /** Called before the first baseline, where there is one: their names, and about how many seconds they take together. */
  readonly onBaselines?: (names: readonly string[], seconds: number) => void;
}

/** @throws Failure `too-few-rows` where the part is empty, `unknown-name` */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { dataset, part, measures } = options;
  const seen = seenRule(dataset, options.removeSeen);
  const whole = makeTask(options);
  const drawn = drawRankings(whole, options.sample);
  const { sample } = drawn;
  const task = drawn.of(whole);
  const scorer = drawn.scorer(options.scorer);
  const { events } = task;
  const compared = baselinesBeside(task, { ...options, removeSeen: seen.removes });
  const rows: EvaluationRow[] = [];
  const leads = makeLeads(task, measures);
  let slices: Slices | undefined;
  const model = { name: scorer.name, open: async (): Promise<OpenBaseline> => ({ scorer }) };
  for (const { name, open } of [model, ...compared.rows]) {
    if (rows.length === 1)
      options.onBaselines?.(
        compared.rows.map((row) => row.name),
        compared.seconds,
      );
    const start = performance.now();
    const { scorer, setting } = await open();
    const ranks = await rankEvents(task, scorer, seen.removes, listsOf(measures));
    const figures = figuresOf(task, ranks, measures);
    leads.add(ranks);
    slices ??= slicesOf(task, ranks, measures);
    const milliseconds = performance.now() - start;
    rows.push({ name, doc: scorer.doc, ...defined({ setting }), ...figures, milliseconds });
  }
  const examples = await examplesOf(task, scorer, seen.removes);
  const intervals = leads.rows();
  const cold = coldItems(events, dataset.corpus);
  const { plan, predictions } = options;
  const tasks = plan && predictions ? taskFigures(plan, dataset, part, predictions) : [];
  return {
    part,
    per: task.per!,
    events: events.rows,
    rankings: questionsOf(task).asks.length,
    ...defined({ sample }),
    items: dataset.corpus.rows,
    cold,
    metrics: measures.map(({ label }) => label),
    rows: rows.map((row, at) => ({ ...row, ...intervals[at] })),
    slices: slices!,
    ...(examples.length > 0 ? { examples } : {}),
    ...(tasks.length > 0 ? { tasks } : {}),
    protocol: [
      ...protocolOf(dataset, task, part, coldSentence(cold, events.rows, rows), seen, sample),
      leads.sentence,
      ...rows.flatMap(settingSentence),
      ...compared.leftOut,
      ...taskSentences(tasks, part),
    ],
  };
}

/** The setting of a row, where it was chosen. */
export const settingSentence = ({ name, setting }: Pick<EvaluationRow, 'name' | 'setting'>): string[] =>
  setting === undefined ? [] : [`${name}: ${setting}.`];

function protocolOf(
  dataset: Dataset,
  task: ScoringTask,
  part: Part,
  cold: string,
  seen: SeenRule,
  sample: Sample | undefined,
): string[] {
  const repeats = repeatsSentence(task, seen);
  return [
    ...dataset.protocol,
    rankingSentence(task, part),
    ...(sample ? [sampleSentence(sample, part)] : []),
    'Items with equal scores share their ranks: each figure is the mean over all their orders.',
    seenSentence(seen, dataset, task),
    ...(repeats === undefined ? [] : [repeats]),
    cold,
  ];
}
