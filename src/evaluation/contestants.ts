/** What ranks one held-out part: the task that every scorer is given, and the baselines that have something to go by in it. */
import type { Dataset, IndexedColumn, Part } from '../data/dataset.ts';
import { defined } from '../defined.ts';
import { failure } from '../diagnostics/failure.ts';
import { freeBytes } from '../embedding/available_memory.ts';
import type { Plan } from '../plan/plan.ts';
import { plainProduct } from '../scoring/plain_product.ts';
import type { MakeProduct } from '../scoring/product.ts';
import type { Context, Scorer, ScoringTask } from '../scoring/scorer.ts';
import { nearest } from '../text/nearest.ts';
import type { Baseline, Training, TunedBaseline } from './baselines/baseline.ts';
import { historyScorer } from './baselines/history_scorer.ts';
import { nobody, trainingOf } from './baselines/interactions.ts';
import { popularityBy } from './baselines/popularity_by.ts';
import { baselines } from './baselines/table.ts';
import { choose, choosingEvents } from './baselines/tune.ts';
import { itemsGivenBy, joined } from './model_history.ts';
import { type Per, questionsOf } from './questions.ts';

export interface TaskOptions {
  readonly dataset: Dataset;
  readonly part: Part;
  /** Of the model: says which history it reads, so that baselines know no less. */
  readonly plan?: Plan;
  /** A feature of the asking tower with one code a row: adds popularity among events of the same value. */
  readonly by?: string;
  /** What figures are the mean of. Default: what the data block declares. */
  readonly per?: Per;
}

/** @throws Failure `too-few-rows` where the part is empty, `unknown-name` */
export function makeTask({ dataset, part, plan, by, per = perOf(dataset) }: TaskOptions): ScoringTask {
  const events = dataset.parts[part];
  if (events.rows === 0) throw failure('too-few-rows', { part, rows: 0, needed: 1 });
  const { corpus, users } = dataset;
  const given = plan ? itemsGivenBy(plan, events) : [];
  const history = joined(given, events);
  const seen = [...(events.earlier ? [events.earlier] : []), ...given];
  const context = by === undefined || plan === undefined ? undefined : contextOf(dataset, part, plan, by);
  return { events, corpus, users, seen, per, ...defined({ history, context }) };
}

/** What the figures of a data set are the mean of, as its data block declares. */
export const perOf = ({ evaluate }: Pick<Dataset, 'evaluate'>): Per => (evaluate === 'per_user' ? 'user' : 'event');

function contextOf({ parts }: Dataset, part: Part, { towers, features }: Plan, by: string): Context {
  const codes = features.filter(({ name, gives }) => gives === 'code' && towers[0].features.includes(name));
  if (!codes.some(({ name }) => name === by)) {
    const known = codes.map(({ name }) => name);
    const what = `feature of one code in tower \`${towers[0].name}\``;
    throw failure('unknown-name', { what, name: by, nearest: nearest(by, known), known });
  }
  return {
    feature: by,
    training: codesOf(parts.train.features.get(by)!, parts.train.rows),
    item: parts.train.item,
    asked: codesOf(parts[part].features.get(by)!, parts[part].rows),
  };
}

function codesOf({ column, index }: IndexedColumn, rows: number): Int32Array {
  if (column.kind !== 'codes') return new Int32Array(rows);
  return index ? index.map((row) => column.values[row]!) : column.values;
}

/** Which baselines: all that take no more than a minute, all, none, or some by name. */
export type BaselineChoice = boolean | 'all' | 'none' | readonly string[];

export interface BaselineOptions extends TaskOptions {
  /** Default: true, all that take no more than about a minute. */
  readonly baselines?: BaselineChoice;
  readonly removeSeen: boolean;
  /** Multiplies large matrices. Default: plain code. */
  readonly product?: MakeProduct;
}

/** Additions past which a baseline is excluded, unless it was asked for by name: about a minute on two cores. */
const mostWork = 1e11;
const addsPerSecond = 1.5e9;

/** The baselines of a task, opened one after the other, and a sentence for each that is excluded. */
export interface ChosenBaselines {
  /** In the order printed. `open` chooses the setting where there are several. */
  readonly rows: readonly { readonly name: string; open(): Promise<OpenBaseline> }[];
  readonly leftOut: readonly string[];
}

export interface OpenBaseline {
  readonly scorer: Scorer;
  /** `λ = 250, chosen out of 6 by …`; undefined where there is nothing to choose. */
  readonly setting?: string;
}

/** @throws Failure `unknown-name` where the choice names a baseline that there is not */
export function baselinesBeside(task: ScoringTask, options: BaselineOptions): ChosenBaselines {
  const { baselines: choice = true, dataset, plan, product } = options;
  const names = chosenNames(choice);
  const isAsked = choice !== true;
  const rows: { name: string; open(): Promise<OpenBaseline> }[] = [];
  const leftOut: string[] = [];
  const training = once(() => trainingOf(task));
  const validation = once(() => {
    if (dataset.parts.validation.rows === 0) return undefined;
    return makeTask({ dataset, part: 'validation', ...defined({ plan, per: task.per }) });
  });
  const consider = (name: string, row: Baseline | TunedBaseline): void => {
    const reason =
      'settings' in row
        ? (nobody(task) ?? tooMuch(name, row, training(), questionsOf(task).asks.length, isAsked))
        : (row.missing?.(task) ?? tooLong(name, row.work?.(task) ?? 0, isAsked));
    if (reason !== undefined) {
      leftOut.push(`${name} is excluded: ${reason}.`);
      return;
    }
    const open = async (): Promise<OpenBaseline> => {
      if (!('settings' in row)) return { scorer: { name, doc: row.doc, ...row.prepare(task) } };
      const multiply = (await product?.()) ?? plainProduct;
      try {
        const aids = { validation: validation(), removeSeen: options.removeSeen, product: multiply };
        const { scores, words } = await choose(row, training(), aids);
        const scorer = { name, doc: `${row.doc}; ${words}`, ...historyScorer(task, training().itemsOf, scores) };
        return { scorer, setting: words };
      } finally {
        await multiply.close();
      }
    };
    rows.push({ name, open });
  };
  for (const name of names) {
    consider(name, baselines[name]!);
    if (name === 'popularity' && task.context) consider(`popularity by ${task.context.feature}`, popularityBy);
  }
  return { rows, leftOut };
}

function chosenNames(choice: BaselineChoice): readonly string[] {
  const known = Object.keys(baselines);
  if (choice === false || choice === 'none') return [];
  if (choice === true || choice === 'all') return known;
  for (const name of choice) {
    if (!known.includes(name))
      throw failure('unknown-name', { what: 'baseline', name, nearest: nearest(name, known), known });
  }
  return known.filter((name) => choice.includes(name));
}

function tooMuch(
  name: string,
  { settings, work, eventWork, bytes }: TunedBaseline,
  training: Training,
  rankings: number,
  isAsked: boolean,
): string | undefined {
  const [needed, free] = [bytes(training), freeBytes()];
  if (needed > free) return `it needs ${inBytes(needed)} of memory, and ${inBytes(free)} are free`;
  const scored = rankings + settings.length * Math.min(rankings, choosingEvents);
  return tooLong(name, settings.length * work(training) + scored * eventWork(training), isAsked);
}

function tooLong(name: string, work: number, isAsked: boolean): string | undefined {
  if (isAsked || work <= mostWork) return undefined;
  const minutes = Math.ceil(work / addsPerSecond / 60);
  return `it would take about ${minutes.toLocaleString('en')} minutes; \`--baselines ${name}\` waits for it`;
}

const inBytes = (bytes: number): string => `${Math.max(0, Math.round(bytes)).toLocaleString('en')} bytes`;

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
