/** What ranks one held-out part: the task that every scorer is given, and the baselines that have something to go by in it. */
import type { Dataset, IndexedColumn, Part } from '../data/dataset.ts';
import { defined } from '../defined.ts';
import { failure } from '../diagnostics/failure.ts';
import type { Plan } from '../plan/plan.ts';
import type { Context, Scorer, ScoringTask } from '../scoring/scorer.ts';
import { nearest } from '../text/nearest.ts';
import type { Baseline } from './baselines/baseline.ts';
import { popularityBy } from './baselines/popularity_by.ts';
import { baselines } from './baselines/table.ts';
import { itemsGivenBy, joined } from './model_history.ts';
import type { Per } from './questions.ts';

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

/** Additions past which a baseline is left out, and said so: some tens of seconds. */
const mostWork = 2e10;

/** The baselines of a task, and a sentence for each that is left out. */
export function baselineScorers(task: ScoringTask): { readonly scorers: Scorer[]; readonly leftOut: string[] } {
  const scorers: Scorer[] = [];
  const leftOut: string[] = [];
  const rows: [string, Baseline][] = Object.entries(baselines);
  if (task.context) rows.splice(2, 0, [`popularity by ${task.context.feature}`, popularityBy]);
  for (const [name, baseline] of rows) {
    const missing = baseline.missing?.(task);
    if (missing !== undefined) leftOut.push(`${name} is excluded: ${missing}.`);
    else if ((baseline.work?.(task) ?? 0) > mostWork)
      leftOut.push(`${name} is excluded: it would take minutes on this much data.`);
    else scorers.push({ name, doc: baseline.doc, ...baseline.prepare(task) });
  }
  return { scorers, leftOut };
}
