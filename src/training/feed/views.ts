/** Selects the rows of a batch that a task sees a second time, and other events with the same items in their place. */
import { invariant } from '../../base/diagnostics/failure.ts';
import { makeRandom } from '../../base/random/random.ts';
import type { Events } from '../../data/dataset.ts';
import type { ViewRows } from '../../graph/plan/plan.ts';
import { rowsPrefix } from '../../graph/plan/rows_prefix.ts';
import { makeIdentity } from './distinct.ts';
import { type ListsOptions, makeGroups, makePairs, makeSequences, windowsOfPlan } from './groups.ts';
import type { MakeSource } from './source.ts';

interface ViewsOptions extends ListsOptions {
  readonly seed: number;
}

/** Returns a function that draws once per step for all inputs with the same rows. All rows of a step are given, also to each of several workers. */
export function makeViews(options: ViewsOptions): (of: ViewRows, batch: Int32Array, step: number) => Int32Array {
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
  return (of, batch, step) => {
    const name = rowsPrefix(of);
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
}

/** Returns a test whether an event's list has an element. Without a list it is true. */
function hasElements({ features }: Events, list: string | undefined): (event: number) => boolean {
  if (list === undefined) return () => true;
  const { column, index } = features.get(list)!;
  invariant(column.kind === 'bags', `${list} is no list`);
  return (event) => {
    const bag = index ? index[event]! : event;
    return column.ends[bag]! > column.starts[bag]!;
  };
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

/** int32 [view_pairs, 2] of (row, column), ordered by row, each pair once: rows with the same user or item, and each row with itself. */
export const viewPairs: MakeSource<'view_pairs'> = ({ rows: of, key }, { training }) => {
  invariant(training, 'views are of training rows');
  const { events, corpus } = training;
  const identity = key === undefined ? undefined : makeIdentity(events, corpus, key);
  const [users, items, pairs] = [makeGroups(), makeGroups(), makePairs()];
  return {
    fill({ rowsOf }) {
      const rows = rowsOf(of);
      const userOf = (place: number): number => events.user[rows[place]!]!;
      const itemOf = (place: number): number => (identity ? identity(rows[place]!) : -1);
      users.fill(rows.length, userOf);
      items.fill(rows.length, itemOf);
      const lastRow = new Int32Array(rows.length).fill(-1);
      pairs.clear();
      const add = (row: number, column: number): void => {
        if (lastRow[column] === row) return;
        lastRow[column] = row;
        pairs.add(row, column);
      };
      for (let row = 0; row < rows.length; row++) {
        add(row, row);
        for (let other = users.first(userOf(row)); other >= 0; other = users.next(other)) add(row, other);
        for (let other = items.first(itemOf(row)); other >= 0; other = items.next(other)) add(row, other);
      }
      return pairs.tensor();
    },
  };
};
