/** Orders the lists of a batch: each once, where the targets are positions; or by length, where the step cuts its batch. */
import { invariant } from '../../base/diagnostics/failure.ts';
import { defined } from '../../base/util/defined.ts';
import type { Events } from '../../data/dataset.ts';
import { type FeaturePlan, type GraphPlan, sequenceFeature } from '../../graph/plan/plan.ts';
import { type BatchPart, type BatchSequences, makeParts, makeSequences } from './parts.ts';
import { type Windows, windowsOf } from './windows.ts';

interface ListsOptions {
  readonly plan: GraphPlan;
  readonly events: Events;
  readonly features: readonly FeaturePlan[];
}

/** The lists of some rows of a batch, where the graph asks for them in an order of their own. */
export interface BatchLists {
  readonly cut?: { readonly lengths: readonly number[]; readonly of: readonly BatchPart[] };
  readonly sequences?: BatchSequences;
}

/** The lists are valid until the next call. */
export function makeLists(options: ListsOptions): (rows: Int32Array) => BatchLists {
  const windows = windowsOfPlan(options);
  const parts = partsOf(options, windows);
  const sequences = windows && !parts ? makeSequences(windows.of, windows.max) : undefined;
  return (rows) =>
    defined({ cut: parts && { lengths: parts.lengths, of: parts.of(rows) }, sequences: sequences?.(rows) });
}

/** Undefined where the step does not cut its batch. */
function partsOf({ plan, events }: ListsOptions, windows: { readonly of: Windows } | undefined) {
  const partRows = plan.inputs.flatMap(({ source }) => (source.from === 'part_places' ? [source.rows] : []));
  const [first] = partRows;
  if (first === undefined) return undefined;
  const lengths = partRows.map(({ length }) => length).sort((a, b) => a - b);
  const list = events.features.get(first.feature);
  invariant(list?.column.kind === 'bags', `a batch is cut by ${first.feature}, which is no list`);
  const { column, index } = list;
  const elementsOf = (event: number): number => {
    const bag = index ? index[event]! : event;
    return column.ends[bag]! - column.starts[bag]!;
  };
  const of = windows?.of;
  const lengthOf = of ? (event: number) => elementsOf(of.rows[of.windowOf[event]!]!) : elementsOf;
  return { lengths, of: makeParts({ lengths, lengthOf, ...defined({ windows: of }) }) };
}

/** Undefined where the targets are no positions. */
function windowsOfPlan({ plan, events, features }: ListsOptions): { of: Windows; max: number } | undefined {
  const name = sequenceFeature(plan);
  if (name === undefined) return undefined;
  const list = events.features.get(name);
  const max = features.find((feature) => feature.name === name)?.max;
  invariant(list && max !== undefined, `list ${name} has no column or no length`);
  return { of: windowsOf(list, events.rows), max };
}
