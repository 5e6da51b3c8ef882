/** Features as encoded columns: of the events of each part, of the corpus, and of the users. */
import { defined } from '../../defined.ts';
import { invariant } from '../../diagnostics/failure.ts';
import { everyRow } from '../../every_row.ts';
import { type FeaturePlan, madeOf } from '../../plan/plan.ts';
import { makeRandom } from '../../random/random.ts';
import type { ColumnRequest, ColumnRequests } from '../binding/column_requests.ts';
import type { BoundHistory, Layout } from '../binding/layout.ts';
import type { Needs } from '../binding/needs.ts';
import type { BagColumn, Encoding, IndexedBags, IndexedColumn, Part } from '../dataset.ts';
import { gather, gatherNumbers } from '../rows/gather.ts';
import { makeTimeline, type Stream, windowsAfter, windowsBefore } from '../rows/history.ts';
import type { OrderedEvents, Remembered, Side } from '../rows/order_events.ts';
import { countMissing, type RawNumbers } from '../rows/raw.ts';
import { parts } from '../rows/split.ts';
import { dictionaryOf, rawOf, rowsWith, type ValidRows } from '../rows/valid_rows.ts';
import { crossColumns } from './crosses.ts';
import {
  type ColumnEncoder,
  encodeBags,
  encodeElements,
  makeAlongEncoder,
  makeColumnEncoder,
  type ToEncode,
} from './encode.ts';
import { lastColumn } from './last.ts';

/**
 * What else each user had, without time: an event sees the user's other remembered events, in an order drawn once, and never itself.
 * Each user's events are on a ring, written twice in a row, so what an event sees is one window: the events after it on the ring.
 */
interface Rings {
  /** The remembered events. User u has `order[2 · starts[u] … 2 · starts[u + 1])`, all of them twice. */
  readonly order: Int32Array;
  /** How many remembered events users before u have. */
  readonly starts: Int32Array;
  /** The place of each event on its ring, from 0; −1: it is not remembered. */
  readonly placeOf: Int32Array;
}

/** Sets this draw apart from all others. */
const ringStream = 0x417e;

/** Rings of the events that `remembered` marks with 1. The same events give the same rings. */
export function makeRings(stream: Stream, remembered: Uint8Array): Rings {
  const { order, starts } = makeTimeline(stream, remembered);
  const random = makeRandom(ringStream, order.length);
  const ring = new Int32Array(2 * order.length);
  const placeOf = new Int32Array(stream.user.length).fill(-1);
  for (let u = 0; u < stream.users; u++) {
    const [start, length] = [starts[u]!, starts[u + 1]! - starts[u]!];
    const from = 2 * start;
    // Fisher and Yates, inside out.
    for (let i = 0; i < length; i++) {
      const j = random.integer(i + 1);
      ring[from + i] = ring[from + j]!;
      ring[from + j] = order[start + i]!;
    }
    for (let i = 0; i < length; i++) {
      placeOf[ring[from + i]!] = i;
      ring[from + length + i] = ring[from + i]!;
    }
  }
  return { order: ring, starts, placeOf };
}

/** The window of at most `max` events of the ring that each event of `asked` sees: all others of its user, or the next ones. */
export function windowsAround(
  { user }: Stream,
  { starts, placeOf }: Rings,
  asked: Int32Array,
  max: number,
): Omit<BagColumn, 'kind' | 'values'> {
  const first = new Int32Array(asked.length);
  const last = new Int32Array(asked.length);
  for (let i = 0; i < asked.length; i++) {
    const event = asked[i]!;
    const u = user[event]!;
    if (u < 0) continue;
    const place = placeOf[event]!;
    const others = starts[u + 1]! - starts[u]! - (place < 0 ? 0 : 1);
    first[i] = 2 * starts[u]! + place + 1;
    last[i] = first[i]! + Math.min(max, others);
  }
  return { starts: first, ends: last };
}

/** What every user has, as seen from no event: at most `max` of the ring. */
export function wholeRings({ starts }: Rings, max: number): Omit<BagColumn, 'kind' | 'values'> {
  const first = starts.subarray(0, -1).map((start) => 2 * start);
  return { starts: first, ends: first.map((start, u) => start + Math.min(max, starts[u + 1]! - starts[u]!)) };
}

type Columns = Map<string, IndexedColumn>;

export interface EncodedColumns {
  readonly parts: Readonly<Record<Part, Columns>>;
  readonly items: Columns;
  readonly users: Columns;
  /** By feature of the query tower whose values are items: their corpus rows. */
  readonly givenItems: Readonly<Record<Part, Map<string, IndexedBags>>>;
  /** Features of the query tower that only events know. */
  readonly asOfLastEvent: readonly string[];
  /** Rows without a value, by feature. */
  readonly missing: ReadonlyMap<string, number>;
}

export interface ColumnsToEncode {
  readonly good: ValidRows;
  readonly wanted: ColumnRequests;
  readonly needs: Needs;
  readonly layout: Layout;
  readonly arranged: OrderedEvents;
  readonly encodings: ReadonlyMap<string, Encoding>;
  /** What events of a part may see of their user's past: of each part where there are histories. */
  readonly remembered: ReadonlyMap<Part, Remembered>;
}

export function encodeColumns(given: ColumnsToEncode): EncodedColumns {
  const { needs, wanted, layout } = given;
  const columns = new ColumnWriter(given);
  for (const plan of listsFirst(needs.features)) {
    if (madeOf(plan).length > 0) continue;
    const history = wanted.histories.get(plan.name);
    if (history === undefined) columns.feature(plan, wanted.features.get(plan.name)!);
    else columns.history(plan, history, layout.histories.get(plan.name)!);
  }
  // What is made of other features is made of columns that are written by now; a cross may take a last element.
  for (const plan of needs.features) if (plan.last !== undefined) columns.last(plan, plan.last);
  for (const plan of needs.features) if (plan.crosses) columns.cross(plan, plan.crosses);
  return columns;
}

/** What belongs to the elements of a list is written after the list. */
const listsFirst = (features: readonly FeaturePlan[]): readonly FeaturePlan[] => [
  ...features.filter(({ along }) => along === undefined),
  ...features.filter(({ along }) => along !== undefined),
];

/** What a history keeps for the events of a part. */
interface Kept {
  /** The events that it may keep, in its order. */
  readonly order: Int32Array;
  /** Of each event of the part, what it keeps of those. */
  readonly windows: Omit<BagColumn, 'kind' | 'values'>;
  /** Of each user. */
  readonly ofUsers: Omit<BagColumn, 'kind' | 'values'>;
}

/** What is written of the items, or of the users. */
interface Written {
  readonly at: 'items' | 'users';
  /** The feature that is their key. */
  readonly key?: string;
  readonly wantedKey: ColumnRequests['itemKey'];
  readonly side: Side;
  readonly columns: Columns;
}

class ColumnWriter implements EncodedColumns {
  readonly parts = { train: new Map(), validation: new Map(), test: new Map() } satisfies Record<Part, Columns>;
  readonly items: Columns = new Map();
  readonly users: Columns = new Map();
  readonly givenItems = {
    train: new Map(),
    validation: new Map(),
    test: new Map(),
  } satisfies EncodedColumns['givenItems'];
  readonly asOfLastEvent: string[] = [];
  readonly missing = new Map<string, number>();
  /** By history and part. */
  readonly #kept = new Map<string, ReadonlyMap<Part, Kept>>();
  private readonly itemSide: Written;
  private readonly querySide: Written;

  constructor(private readonly given: ColumnsToEncode) {
    const { needs, wanted, arranged } = given;
    const [query, item] = needs.towers;
    const written = (at: Written['at'], key: string | undefined, wantedKey: ColumnRequests['itemKey']): Written => ({
      at,
      ...defined({ key }),
      wantedKey,
      side: arranged[at],
      columns: this[at],
    });
    this.querySide = written('users', query.key, wanted.userKey);
    this.itemSide = written('items', item.key, wanted.itemKey);
  }

  feature(plan: FeaturePlan, column: ColumnRequest): void {
    const { good, arranged } = this.given;
    this.missing.set(plan.name, countMissing(rawOf(good, column), rowsWith(good, column).kept));
    const encoder = this.encoder(plan, column);
    const { at } = column.column;
    const written = this.writtenOf(plan, at);
    const { side, columns } = written;
    const items = this.itemsOf(plan, written, column);
    if (at === 'events') {
      for (const part of parts) {
        this.parts[part].set(plan.name, encoder.encode(arranged.rows[part]));
        if (items) this.givenItems[part].set(plan.name, items(arranged.rows[part]));
      }
      // What each last had in training, for features that only events know.
      const ofKey = this.keyColumn(plan, written);
      columns.set(plan.name, ofKey ?? encoder.encode(side.lastTraining));
      if (ofKey === undefined && written === this.querySide) this.asOfLastEvent.push(plan.name);
      return;
    }
    const whole = encoder.encode(side.rows);
    columns.set(plan.name, whole);
    for (const part of parts) {
      const rows = gather(side.ofEvent, arranged.places[part]);
      this.parts[part].set(plan.name, through(whole, rows));
      if (items) this.givenItems[part].set(plan.name, items(gather(side.rows, rows)));
    }
  }

  history(plan: FeaturePlan, column: ColumnRequest, { kind, max }: BoundHistory): void {
    const { good, arranged, encodings, remembered } = this.given;
    const { order, items, stream, places } = arranged;
    const rowsIn = ({ column: { at } }: ColumnRequest): Int32Array =>
      at === 'items' ? gather(items.rows, items.ofEvent) : order;
    const inTheirOrder = (values: Int32Array): Int32Array => gather(values, rowsIn(column));
    const raw = [encodings.get(plan.encoderOf)!, rawOf(good, column), dictionaryOf(good, column)] as const;
    const { elements, inner } = plan.each ? encodeBags(plan, ...raw) : { elements: encodeElements(plan, ...raw) };
    const rowOf = plan.each ? undefined : this.itemRows(plan, column);
    const itemOf = rowOf && inTheirOrder(rowOf);
    invariant(itemOf || !plan.through, `the elements of ${plan.name} are items`);
    const inOrder = inTheirOrder(elements);
    if (plan.through) for (let at = 0; at < inOrder.length; at++) if (itemOf![at]! < 0) inOrder[at] = -1;
    const present = inOrder.map((element) => (element < 0 ? 0 : 1));
    const complete = !present.includes(0);
    const marksOf = (part: Part): Uint8Array => {
      const { marks } = remembered.get(part)!;
      return complete ? marks : marks.map((mark, place) => mark & present[place]!);
    };
    const keepPast = (part: Part): Kept => {
      const marks = marksOf(part);
      const timeline = complete ? remembered.get(part)!.timeline : makeTimeline(stream, marks);
      const windows = windowsBefore(stream, marks, timeline, places[part], max);
      return { order: timeline.order, windows, ofUsers: windowsAfter(timeline, max) };
    };
    const keepOthers = (): ((part: Part) => Kept) => {
      const rings = makeRings(stream, marksOf('train'));
      const ofUsers = wholeRings(rings, max);
      return (part) => ({ order: rings.order, windows: windowsAround(stream, rings, places[part], max), ofUsers });
    };
    const keptOf = (keep: (part: Part) => Kept) => new Map(parts.map((part) => [part, keep(part)] as const));
    const kept = this.#kept.get(plan.along ?? '') ?? keptOf(kind === 'others' ? keepOthers() : keepPast);
    this.#kept.set(plan.name, kept);
    const weightOf = this.historyWeights(plan, rowsIn);
    for (const part of parts) {
      const { order: seen, windows, ofUsers } = kept.get(part)!;
      const given = itemOf && gather(itemOf, seen);
      const items = plan.through && given;
      const bags: BagColumn = {
        ...{ kind: 'bags', values: gather(inOrder, seen), ...windows },
        ...defined({ weights: weightOf?.(seen), items, inner }),
      };
      this.parts[part].set(plan.name, { column: bags });
      if (given) this.givenItems[part].set(plan.name, { bags: { kind: 'bags', ...windows, values: given } });
      if (part === 'train') this.users.set(plan.name, { column: { ...bags, ...ofUsers } });
    }
  }

  /** What each of some events of the stream counts in a history; one without a weight counts 0. */
  private historyWeights(
    plan: FeaturePlan,
    rowsIn: (column: ColumnRequest) => Int32Array,
  ): ((events: Int32Array) => Float32Array) | undefined {
    const column = this.given.wanted.listWeights.get(plan.name);
    if (column === undefined) return undefined;
    const rows = rowsIn(column);
    const { values } = rawOf(this.given.good, column) as RawNumbers;
    return (events) => {
      const weights = gatherNumbers(values, gather(rows, events), new Float32Array(events.length));
      return weights.map((weight) => (Number.isNaN(weight) ? 0 : weight));
    };
  }

  last(plan: FeaturePlan, list: string): void {
    const encoding = this.given.encodings.get(plan.encoderOf)!;
    const all = [...parts.map((part) => this.parts[part]), this.writtenOf(plan, 'events').columns];
    for (const columns of all) columns.set(plan.name, lastColumn(encoding, columns.get(list)!));
  }

  cross(plan: FeaturePlan, crosses: readonly string[]): void {
    const { arranged, encodings } = this.given;
    const set = (columns: Columns, rows: number): void => {
      const crossed = crosses.map((name) => columns.get(name)!);
      columns.set(plan.name, crossColumns(encodings.get(plan.encoderOf)!, crossed, rows));
    };
    for (const part of parts) set(this.parts[part], arranged.places[part].length);
    const { side, columns } = this.writtenOf(plan, 'events');
    set(columns, side.keys.length);
  }

  /** A feature of events lies on the side of its tower; one that no tower reads may lie on either. */
  private writtenOf(plan: FeaturePlan, at: ColumnRequest['column']['at']): Written {
    const isItems = at === 'events' ? plan.tower === this.given.needs.towers[1].name : at === 'items';
    return isItems ? this.itemSide : this.querySide;
  }

  /** The corpus rows of what a feature of the query tower holds, for rows of its file; absent where it holds no items. */
  private itemsOf(
    plan: FeaturePlan,
    written: Written,
    column: ColumnRequest,
  ): ((ids: Int32Array) => IndexedBags) | undefined {
    const rows = written === this.querySide ? this.itemRows(plan, column) : undefined;
    const raw = rawOf(this.given.good, column);
    if (rows === undefined) return undefined;
    const ofOne = everyRow(rows.length + 1);
    const { starts, ends } = raw.kind === 'bags' ? raw : { starts: ofOne.subarray(0, -1), ends: ofOne.subarray(1) };
    const bags = { kind: 'bags', starts, ends, values: rows } as const;
    return (ids) => ({ bags, index: ids });
  }

  /** Of each value of a column the corpus row of the item that it names, −1 where there is none; absent where it names no items. */
  private itemRows(plan: FeaturePlan, column: ColumnRequest): Int32Array | undefined {
    const { good, wanted, arranged } = this.given;
    const raw = rawOf(good, column);
    if (plan.name === this.itemSide.key || wanted.itemKey?.inEvents.dictionary !== column.dictionary) return undefined;
    if (raw.kind === 'numbers' || !(raw.values instanceof Int32Array)) return undefined;
    return gather(arranged.items.ofCode, raw.values);
  }

  /** A key is known even where no training event has it. */
  private keyColumn(plan: FeaturePlan, { at, key, wantedKey, side }: Written): IndexedColumn | undefined {
    if (plan.name !== key || wantedKey === undefined) return undefined;
    const inFile = this.given.good[at] && wantedKey.inFile;
    return this.encoder(plan, inFile ?? wantedKey.inEvents).encode(side.rows);
  }

  private encoder(plan: FeaturePlan, column: ColumnRequest): ColumnEncoder {
    const { good, encodings, needs, wanted } = this.given;
    const toEncode = (of: FeaturePlan, from: ColumnRequest): ToEncode => [
      of,
      encodings.get(of.encoderOf)!,
      rawOf(good, from),
      dictionaryOf(good, from),
      of.through && this.itemRows(of, from),
    ];
    const list = needs.features.find(({ name }) => name === plan.along);
    const given = toEncode(plan, column);
    if (list) return makeAlongEncoder(given, toEncode(list, wanted.features.get(list.name)!));
    const weights = wanted.listWeights.get(plan.name);
    return makeColumnEncoder(...given, weights && rawOf(good, weights));
  }
}

/** The column seen through one more index. */
function through({ column, index }: IndexedColumn, rows: Int32Array): IndexedColumn {
  return { column, index: index === undefined ? rows : gather(index, rows) };
}
