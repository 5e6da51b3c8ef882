/** Selects the rows of a batch that a task sees a second time, and other events with the same items in their place. */
import { invariant } from '../../base/diagnostics/failure.ts';
import { makeRandom } from '../../base/random/random.ts';
import type { Events } from '../../data/dataset.ts';
import type { ViewPart, ViewRows } from '../../graph/plan/plan.ts';
import { rowsPrefix } from '../../graph/plan/rows_prefix.ts';
import { type BatchPart, type ListsOptions, makeParts, makeSequences, windowsOfPlan } from './batch_lists.ts';
import { makeIdentity } from './distinct_items.ts';
import { type MakeSource, vector } from './input_source.ts';

interface ViewsOptions extends ListsOptions {
  readonly seed: number;
}

export interface BatchViews {
  /** Draws once per step for all inputs with the same rows. Each of several workers has all of them. */
  rowsOf(of: ViewRows, batch: Int32Array, step: number): Int32Array;
  partOf(of: ViewPart, batch: Int32Array, step: number): BatchPart;
}

export function makeViews(options: ViewsOptions): BatchViews {
  const { events, seed, plan } = options;
  const windows = plan.inputs.some(({ source }) => 'rows' in source && source.rows?.kind === 'views')
    ? windowsOfPlan(options)
    : undefined;
  const sequencesOf = windows && makeSequences(windows.of, windows.max);
  const known = new Map<string, { readonly step: number; readonly batch: Int32Array; readonly rows: Int32Array }>();
  const twinsByList = new Map<string | undefined, Twins>();
  const seen = ({ list }: ViewRows, batch: Int32Array): Int32Array => {
    if (sequencesOf) return sequencesOf(batch).rows.slice();
    const full = batch.filter(hasElements(events, list));
    // No graph may have empty tensors: a single row has no negatives, and so no loss.
    return full.length > 0 ? full : batch.slice(0, 1);
  };
  const rowsOf = (of: ViewRows, batch: Int32Array, step: number): Int32Array => {
    const name = nameOf(of);
    const last = known.get(name);
    if (last?.step === step && last.batch === batch) return last.rows;
    let rows = seen(of, batch);
    if (of.sameItem) {
      const twins = twinsByList.get(of.list) ?? makeTwins(events, of.list);
      twinsByList.set(of.list, twins);
      const random = makeRandom(seed, ...Buffer.from(name), step);
      rows = rows.map((row) => twins(row, (count) => random.integer(count)));
    }
    known.set(name, { step, batch, rows });
    return rows;
  };
  const cuts = new Map<string, ViewCut>();
  return {
    rowsOf,
    partOf(of, batch, step) {
      const rows = rowsOf(of, batch, step);
      const name = nameOf(of);
      const cut = cuts.get(name) ?? makeCut(options, of);
      if (cut.rows !== rows) Object.assign(cut, { rows, parts: cut.of(rows) });
      cuts.set(name, cut);
      return cut.parts[cut.lengths.indexOf(of.length)]!;
    },
  };
}

/** Returns the name of all views of which these are a part. */
const nameOf = ({ length: _, ...of }: ViewRows): string => rowsPrefix(of);

interface ViewCut {
  readonly lengths: readonly number[];
  readonly of: (rows: Int32Array) => readonly BatchPart[];
  rows?: Int32Array;
  parts: readonly BatchPart[];
}

/** Divides views by the length of their list. */
function makeCut({ plan, events }: ViewsOptions, { task, view, list }: ViewPart): ViewCut {
  const lengths = plan.inputs.flatMap(({ source }) => {
    if (source.from !== 'part_places' || source.rows.kind !== 'views') return [];
    return source.rows.task === task && source.rows.view === view ? [source.rows.length] : [];
  });
  lengths.sort((a, b) => a - b);
  return { lengths, of: makeParts({ lengths, lengthOf: elementsOf(events, list) }), parts: [] };
}

/** Returns a function that counts the elements of an event's list. */
function elementsOf({ features }: Events, list: string): (event: number) => number {
  const { column, index } = features.get(list)!;
  invariant(column.kind === 'bags', `${list} is no list`);
  return (event) => {
    const bag = index ? index[event]! : event;
    return column.ends[bag]! - column.starts[bag]!;
  };
}

/** Returns a test whether an event's list has an element. Without a list it is true. */
function hasElements(events: Events, list: string | undefined): (event: number) => boolean {
  if (list === undefined) return () => true;
  const count = elementsOf(events, list);
  return (event) => count(event) > 0;
}

/** Returns another event with the item of an event and a list that is not empty; the event itself if there is none. */
type Twins = (event: number, draw: (count: number) => number) => number;

function makeTwins(events: Events, list: string | undefined): Twins {
  const { item, rows } = events;
  const hasList = hasElements(events, list);
  const isTwin = (event: number): boolean => item[event]! >= 0 && hasList(event);
  const items = item.reduce((most, each) => Math.max(most, each), -1) + 1;
  // Item i has the events `members[starts[i] … starts[i + 1])`.
  const starts = new Int32Array(items + 1);
  for (let event = 0; event < rows; event++) if (isTwin(event)) starts[item[event]! + 1]!++;
  for (let i = 0; i < items; i++) starts[i + 1]! += starts[i]!;
  const members = new Int32Array(starts[items]!);
  const placeOf = new Int32Array(rows).fill(-1);
  const nextPlace = starts.slice();
  for (let event = 0; event < rows; event++) {
    if (!isTwin(event)) continue;
    placeOf[event] = nextPlace[item[event]!]!++;
    members[placeOf[event]!] = event;
  }
  return (event, draw) => {
    const own = item[event]!;
    if (own < 0) return event;
    const [from, to] = [starts[own]!, starts[own + 1]!];
    const place = placeOf[event]!;
    const others = to - from - (place < 0 ? 0 : 1);
    if (others <= 0) return event;
    const drawn = from + draw(others);
    return members[place >= 0 && drawn >= place ? drawn + 1 : drawn]!;
  };
}

/** int32 [views] */
export const viewNumbers: MakeSource<'view_numbers'> = ({ rows: of, key }, { training }) => {
  invariant(training, 'views are of training rows');
  const { events, corpus } = training;
  const numberOf = key === undefined ? (row: number) => events.user[row]! : makeIdentity(events, corpus, key);
  return {
    fill({ rowsOf }) {
      const numbers = rowsOf(of).map((row, place) => {
        const number = numberOf(row);
        return number < 0 ? -1 - place : number;
      });
      return vector(numbers);
    },
  };
};
