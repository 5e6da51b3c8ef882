/** The lists of a batch in an order of their own: each once, where the targets are positions; or by length, where the step cuts its batch. */
import type { Events } from '../data/dataset.ts';
import { defined } from '../defined.ts';
import { invariant } from '../diagnostics/failure.ts';
import { type FeaturePlan, type GraphPlan, sequenceFeature } from '../plan/plan.ts';
import { makeParts, makeSequences, type Part, type Sequences } from './parts.ts';
import { type Windows, windowsOf } from './windows.ts';

interface ListsOptions {
  readonly plan: GraphPlan;
  readonly events: Events;
  readonly features: readonly FeaturePlan[];
}

/** The lists of some rows of a batch, where the graph asks for them in an order of their own. */
export interface Lists {
  readonly cut?: { readonly lengths: readonly number[]; readonly of: readonly Part[] };
  readonly sequences?: Sequences;
}

/** What it makes lasts until the next call. */
export function makeLists(options: ListsOptions): (rows: Int32Array) => Lists {
  const windows = windowsOfPlan(options);
  const parts = partsOf(options, windows);
  const sequences = windows && !parts ? makeSequences(windows.of, windows.max) : undefined;
  return (rows) =>
    defined({ cut: parts && { lengths: parts.lengths, of: parts.of(rows) }, sequences: sequences?.(rows) });
}

/** Where the step cuts its batch. */
function partsOf({ plan, events }: ListsOptions, windows: { readonly of: Windows } | undefined) {
  const cuts = plan.inputs.flatMap(({ source }) => (source.from === 'part_places' ? [source.rows] : []));
  const [first] = cuts;
  if (first === undefined) return undefined;
  const lengths = cuts.map(({ length }) => length).sort((a, b) => a - b);
  const list = events.features.get(first.feature);
  invariant(list?.column.kind === 'bags', `a batch is cut by ${first.feature}, which is no list`);
  const { column, index } = list;
  const elements = (event: number): number => {
    const bag = index ? index[event]! : event;
    return column.ends[bag]! - column.starts[bag]!;
  };
  const of = windows?.of;
  const lengthOf = of ? (event: number) => elements(of.rows[of.windowOf[event]!]!) : elements;
  return { lengths, of: makeParts({ lengths, lengthOf, ...defined({ windows: of }) }) };
}

/** Where the targets are positions. */
function windowsOfPlan({ plan, events, features }: ListsOptions): { of: Windows; max: number } | undefined {
  const name = sequenceFeature(plan);
  if (name === undefined) return undefined;
  const list = events.features.get(name);
  const max = features.find((feature) => feature.name === name)?.max;
  invariant(list && max !== undefined, `list ${name} has no column or no length`);
  return { of: windowsOf(list, events.rows), max };
}
