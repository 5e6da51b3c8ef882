/** How well a model ranks what was held out, beside simple rankings by the same protocol, and that protocol in sentences. */
import type { Dataset, Part } from '../data/dataset.ts';
import { failure } from '../diagnostics/failure.ts';
import type { Plan } from '../lower/plan.ts';
import { baselines } from './baselines/table.ts';
import { type ColdItems, coldItems, type Figures, figuresOf, type Measure } from './figures.ts';
import { modelHistory } from './model_history.ts';
import { rankEvents } from './ranks.ts';
import type { Scorer, ScoringTask } from './scorer.ts';

export interface Evaluation {
  readonly part: Part;
  readonly events: number;
  readonly items: number;
  readonly cold: ColdItems;
  /** Labels of the metrics, in order. */
  readonly metrics: readonly string[];
  /** The model first, then the baselines. */
  readonly rows: readonly EvaluationRow[];
  /** Sentences: what the figures are figures of. */
  readonly protocol: readonly string[];
}

export interface EvaluationRow extends Figures {
  readonly name: string;
  /** What it ranks by. */
  readonly doc: string;
  readonly milliseconds: number;
}

export interface EvaluateOptions {
  readonly dataset: Dataset;
  readonly part: Part;
  /** What ranks: `modelScorer` for a model. */
  readonly scorer: Scorer;
  readonly measures: readonly Measure[];
  /** Of the model: says which history it reads, so that ItemCF is told no less. */
  readonly plan?: Plan;
  /** Items of the user's training events leave the ranking. */
  readonly removeSeen?: boolean;
  /** False: the model alone. */
  readonly baselines?: boolean;
}

/** Additions past which a baseline is left out, and said so: some tens of seconds. */
const mostWork = 2e10;

/** @throws Failure `too-few-rows` where the part is empty */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { dataset, part, measures, removeSeen = false } = options;
  const events = dataset.parts[part];
  if (events.rows === 0) throw failure('too-few-rows', { part, rows: 0, needed: 1 });
  const { corpus, users } = dataset;
  const history = options.plan && modelHistory(options.plan, events, corpus);
  const task: ScoringTask = { events, corpus, users, ...(history ? { history } : {}) };
  const scorers = [options.scorer];
  const leftOut: string[] = [];
  for (const [name, baseline] of options.baselines === false ? [] : Object.entries(baselines)) {
    if ((baseline.work?.(task) ?? 0) > mostWork)
      leftOut.push(`${name} is left out: this much data would take it minutes.`);
    else scorers.push({ name, doc: baseline.doc, ...baseline.prepare(task) });
  }
  const rows: EvaluationRow[] = [];
  for (const scorer of scorers) {
    const start = performance.now();
    const ranks = await rankEvents(task, scorer, removeSeen);
    const figures = figuresOf(events, dataset.corpus, ranks, measures);
    rows.push({ name: scorer.name, doc: scorer.doc, ...figures, milliseconds: performance.now() - start });
  }
  const cold = coldItems(events, dataset.corpus);
  return {
    part,
    events: events.rows,
    items: dataset.corpus.rows,
    cold,
    metrics: measures.map(({ label }) => label),
    rows,
    protocol: [...protocolOf(dataset, part, cold, removeSeen), ...leftOut],
  };
}

const count = (number: number, what: string): string =>
  `${number.toLocaleString('en')} ${what}${number === 1 ? '' : 's'}`;

function protocolOf(dataset: Dataset, part: Part, cold: ColdItems, removeSeen: boolean): string[] {
  const { parts, corpus } = dataset;
  const events = parts[part].rows;
  const share = ((100 * cold.events) / events).toFixed(1);
  return [
    ...dataset.protocol,
    `Each of the ${count(events, `${part} event`)} ranks the whole corpus, ${count(corpus.rows, 'item')}; no negatives are sampled.`,
    'Items that score the same share their places: every figure is its mean over all orders of them.',
    removeSeen
      ? 'Items of the user’s training events are taken out of the ranking, except the event’s own.'
      : 'Items that the user has seen stay in the ranking.',
    cold.events === 0
      ? 'Every event’s item has training events: none is cold.'
      : `${count(cold.events, 'event')} (${share} %) ${cold.events === 1 ? 'is' : 'are'} of items without a training event ` +
        `(${count(cold.items, 'item')} of the corpus${cold.absent > 0 ? `, ${count(cold.absent, 'event')} of items outside it` : ''}): counted as misses in every row, left out of the figures marked warm.`,
  ];
}
