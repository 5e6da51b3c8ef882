/** Selects the rows of a batch that a task sees a second time, and other events with the same items in their place. */
import { makeRandom } from '../../base/random/random.ts';
import type { Events } from '../../data/dataset.ts';
import { tensorOf } from '../../graph/graph.ts';
import type { ViewPart, ViewRows } from '../../graph/plan/plan.ts';
import { rowsPrefix } from '../../graph/plan/rows_prefix.ts';
import {
  type BatchPart,
  type ListsOptions,
  makeElementCounter,
  makeParts,
  makeSequences,
  windowsOfPlan,
} from './batch_lists.ts';
import { makeIdentity } from './distinct_items.ts';
import { type MakeSource, trainingOf } from './input_source.ts';

export interface BatchViews {
  /** Draws once per step for all inputs with the same rows. Each of several workers has all of them. */
  rowsOf(rows: ViewRows, batch: Int32Array, step: number): Int32Array;
  partOf(part: ViewPart, batch: Int32Array, step: number): BatchPart;
}

export function makeViews(options: ListsOptions): BatchViews {
  const { events, seed, plan } = options;
  const windows = plan.inputs.some(({ source }) => 'rows' in source && source.rows?.kind === 'views')
    ? windowsOfPlan(options)
    : undefined;
  const sequencesOf = windows && makeSequences(windows.windows, windows.max);
  const cachedRows = new Map<
    string,
    { readonly step: number; readonly batch: Int32Array; readonly rows: Int32Array }
  >();
  const twinsByList = new Map<string | undefined, Twins>();
  const viewedRows = ({ list }: ViewRows, batch: Int32Array): Int32Array => {
    if (sequencesOf) return sequencesOf(batch).rows.slice();
    const rowsWithElements = batch.filter(hasElements(events, list));
    // No graph may have empty tensors: a single row has no negatives, and so no loss.
    return rowsWithElements.length > 0 ? rowsWithElements : batch.slice(0, 1);
  };
  const rowsOf = (viewRows: ViewRows, batch: Int32Array, step: number): Int32Array => {
    const name = nameOf(viewRows);
    const cached = cachedRows.get(name);
    if (cached?.step === step && cached.batch === batch) return cached.rows;
    let rows = viewedRows(viewRows, batch);
    if (viewRows.sameItem) {
      const twins = twinsByList.get(viewRows.list) ?? makeTwins(events, viewRows.list);
      twinsByList.set(viewRows.list, twins);
      const random = makeRandom(seed, ...Buffer.from(name), step);
      rows = rows.map((row) => twins(row, (count) => random.integer(count)));
    }
    cachedRows.set(name, { step, batch, rows });
    return rows;
  };
  const cuts = new Map<string, ViewCut>();
  return {
    rowsOf,
    partOf(part, batch, step) {
      const rows = rowsOf(part, batch, step);
      const name = nameOf(part);
      const cut = cuts.get(name) ?? makeCut(options, part);
      if (cut.rows !== rows) Object.assign(cut, { rows, parts: cut.partsOf(rows) });
      cuts.set(name, cut);
      return cut.parts[cut.lengths.indexOf(part.length)]!;
    },
  };
}

/** Returns the name of all views of which these are a part. */
const nameOf = ({ length: _, ...rows }: ViewRows): string => rowsPrefix(rows);

interface ViewCut {
  readonly lengths: readonly number[];
  readonly partsOf: (rows: Int32Array) => readonly BatchPart[];
  rows?: Int32Array;
  parts: readonly BatchPart[];
}

/** Divides views by the length of their list. */
function makeCut({ plan, events }: ListsOptions, { task, view, list }: ViewPart): ViewCut {
  const lengths = plan.inputs.flatMap(({ source }) => {
    if (source.from !== 'part_places' || source.rows.kind !== 'views') return [];
    return source.rows.task === task && source.rows.view === view ? [source.rows.length] : [];
  });
  lengths.sort((a, b) => a - b);
  return { lengths, partsOf: makeParts({ lengths, lengthOf: makeElementCounter(events.features, list) }), parts: [] };
}

/** Returns a test whether an event's list has an element. Without a list it is true. */
function hasElements(events: Events, list: string | undefined): (event: number) => boolean {
  if (list === undefined) return () => true;
  const count = makeElementCounter(events.features, list);
  return (event) => count(event) > 0;
}

/** Returns another event with the item of an event and a list that is not empty; the event itself if there is none. */
type Twins = (event: number, draw: (count: number) => number) => number;

function makeTwins(events: Events, list: string | undefined): Twins {
  const { item, rows } = events;
  const hasList = hasElements(events, list);
  const isTwin = (event: number): boolean => item[event]! >= 0 && hasList(event);
  const items = item.reduce((highestItem, itemId) => Math.max(highestItem, itemId), -1) + 1;
  // Item i has the events `members[starts[i] … starts[i + 1])`.
  const starts = new Int32Array(items + 1);
  for (let event = 0; event < rows; event++) if (isTwin(event)) starts[item[event]! + 1]!++;
  for (let i = 0; i < items; i++) starts[i + 1]! += starts[i]!;
  const members = new Int32Array(starts[items]!);
  const positionOf = new Int32Array(rows).fill(-1);
  const nextPosition = starts.slice();
  for (let event = 0; event < rows; event++) {
    if (!isTwin(event)) continue;
    positionOf[event] = nextPosition[item[event]!]!++;
    members[positionOf[event]!] = event;
  }
  return (event, draw) => {
    const ownItem = item[event]!;
    if (ownItem < 0) return event;
    const [from, to] = [starts[ownItem]!, starts[ownItem + 1]!];
    const position = positionOf[event]!;
    const otherCount = to - from - (position < 0 ? 0 : 1);
    if (otherCount <= 0) return event;
    const drawn = from + draw(otherCount);
    return members[position >= 0 && drawn >= position ? drawn + 1 : drawn]!;
  };
}

/** int32 [views] */
export const viewNumbers: MakeSource<'view_numbers'> = ({ rows: viewRows, key }, context) => {
  const { events, corpus } = trainingOf(context);
  const numberOf = key === undefined ? (row: number) => events.user[row]! : makeIdentity(events, corpus, key);
  return {
    fill({ rowsOf }) {
      const numbers = rowsOf(viewRows).map((row, position) => {
        const number = numberOf(row);
        return number < 0 ? -1 - position : number;
      });
      return tensorOf(numbers);
    },
  };
};
