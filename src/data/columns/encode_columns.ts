/** Encodes features as columns for the events of each part, for the corpus, and for the users. */

import { listRowIndexes } from '../../base/util/objects.ts';
import { type FeaturePlan, madeOf, usersAreRows } from '../../graph/plan/plan.ts';
import type { BoundHistory, ColumnRequest, ReadPlan } from '../binding/data_layout.ts';
import type { BagColumn, Encoding, IndexedBags, IndexedColumn, Part } from '../dataset.ts';
import { gatherCodes, gatherNumbers } from '../rows/gather_rows.ts';
import type { EntityRows, OrderedEvents } from '../rows/order_events.ts';
import {
  type ListWindows,
  makeTimeline,
  type PastEvents,
  pastWindows,
  type Timeline,
  windowsAfter,
  windowsOfUsers,
} from '../rows/past_events.ts';
import { dictionaryOf, rawOf, type ValidRows } from '../rows/raw.ts';
import { makeRings, wholeRings, windowsAround } from '../rows/rings.ts';
import { parts } from '../rows/split.ts';
import {
  type ColumnEncoder,
  crossColumns,
  type EncoderArguments,
  elementBags,
  historyElements,
  lastColumn,
  makeAlongEncoder,
  makeColumnEncoder,
  weightsOf,
} from './column_encoder.ts';

type ColumnMap = Map<string, IndexedColumn>;

export interface EncodedColumns {
  readonly parts: Readonly<Record<Part, ColumnMap>>;
  readonly items: ColumnMap;
  readonly users: ColumnMap;
  /** Corpus rows of values that are items, by feature of the query tower. */
  readonly givenItems: Readonly<Record<Part, Map<string, IndexedBags>>>;
  /** Features of the query tower whose values come only from events. */
  readonly asOfLastEvent: readonly string[];
  /** What an item of the corpus adds to each history of a column of the items file. */
  readonly itemElements: ReadonlyMap<string, BagColumn>;
}

export interface ColumnsToEncode {
  readonly good: ValidRows;
  readonly readPlan: ReadPlan;
  readonly arranged: OrderedEvents;
  readonly encodings: ReadonlyMap<string, Encoding>;
  /** The past that events of a part may see, for each part if there are histories. */
  readonly remembered: ReadonlyMap<Part, PastEvents>;
  /** The events that answers know. */
  readonly known: PastEvents;
}

export function encodeColumns(input: ColumnsToEncode): EncodedColumns {
  const { readPlan } = input;
  const { needs, layout } = readPlan;
  const columns = new ColumnWriter(input);
  for (const plan of listsFirst(needs.features)) {
    if (madeOf(plan).length > 0) continue;
    const history = readPlan.histories.get(plan.name);
    if (history === undefined) columns.feature(plan, readPlan.features.get(plan.name)!);
    else columns.history(plan, history, layout.histories.get(plan.name)!);
  }
  // Derived features use columns that are already written. A cross may use a last element.
  for (const plan of needs.features) if (plan.last !== undefined) columns.last(plan, plan.last);
  for (const plan of needs.features) if (plan.crosses) columns.cross(plan, plan.crosses);
  return columns;
}

const listsFirst = (features: readonly FeaturePlan[]): readonly FeaturePlan[] => [
  ...features.filter(({ along }) => along === undefined),
  ...features.filter(({ along }) => along !== undefined),
];

interface HistoryWindows {
  /** The events that it may contain, in its order. */
  readonly order: Int32Array;
  readonly windows: ListWindows;
}

type PartWindows = Readonly<Record<Part | 'users', HistoryWindows>>;

interface EntityColumns {
  readonly at: 'items' | 'users';
  readonly key?: string;
  readonly wantedKey: ReadPlan['itemKey'];
  readonly side: EntityRows;
  readonly columns: ColumnMap;
}

class ColumnWriter implements EncodedColumns {
  readonly parts = { train: new Map(), validation: new Map(), test: new Map() } satisfies Record<Part, ColumnMap>;
  readonly items: ColumnMap = new Map();
  readonly users: ColumnMap = new Map();
  readonly givenItems = {
    train: new Map(),
    validation: new Map(),
    test: new Map(),
  } satisfies EncodedColumns['givenItems'];
  readonly asOfLastEvent: string[] = [];
  readonly itemElements = new Map<string, BagColumn>();
  readonly #kept = new Map<string, PartWindows>();
  private readonly itemSide: EntityColumns;
  private readonly querySide: EntityColumns;

  constructor(private readonly given: ColumnsToEncode) {
    const { readPlan, arranged } = given;
    const [query, item] = readPlan.needs.towers;
    const entityColumns = (
      at: EntityColumns['at'],
      key: string | undefined,
      wantedKey: ReadPlan['itemKey'],
    ): EntityColumns => ({ at, key, wantedKey, side: arranged[at], columns: this[at] });
    this.querySide = entityColumns('users', query.key, readPlan.userKey);
    this.itemSide = entityColumns('items', item.key, readPlan.itemKey);
  }

  feature(plan: FeaturePlan, column: ColumnRequest): void {
    const { arranged, known } = this.given;
    const encoder = this.encoder(plan, column);
    const { at } = column.column;
    const entity = this.writtenOf(plan, at);
    const { side, columns } = entity;
    const itemsOfRows = this.itemsOf(plan, entity, column);
    if (at === 'events') {
      for (const part of parts) {
        this.parts[part].set(plan.name, encoder.encode(arranged.rows[part]));
        if (itemsOfRows) this.givenItems[part].set(plan.name, itemsOfRows(arranged.rows[part]));
      }
      // Features that come only from events have the value of the last event. For items this is the last training event.
      const keyColumn = this.keyColumn(plan, entity);
      const lastRows = entity === this.querySide ? lastRowsOf(known.timeline, arranged.order) : side.lastTraining;
      columns.set(plan.name, keyColumn ?? encoder.encode(lastRows));
      if (keyColumn === undefined && entity === this.querySide) this.asOfLastEvent.push(plan.name);
      return;
    }
    const wholeColumn = encoder.encode(side.rows);
    columns.set(plan.name, wholeColumn);
    for (const part of parts) {
      const rows = gatherCodes(side.ofEvent, arranged.eventIndexes[part]);
      this.parts[part].set(plan.name, through(wholeColumn, rows));
      if (itemsOfRows) this.givenItems[part].set(plan.name, itemsOfRows(gatherCodes(side.rows, rows)));
    }
  }

  history(plan: FeaturePlan, column: ColumnRequest, { kind, max }: BoundHistory): void {
    const { good, arranged, encodings, readPlan } = this.given;
    const { order, items } = arranged;
    const rowsIn = ({ column: { at } }: ColumnRequest): Int32Array =>
      at === 'items' ? gatherCodes(items.rows, items.ofEvent) : order;
    const inEventOrder = (values: Int32Array): Int32Array => gatherCodes(values, rowsIn(column));
    const elementItems = plan.each ? undefined : this.itemRows(plan, column);
    const source = [plan, encodings.get(plan.encoderOf)!, rawOf(good, column), dictionaryOf(good, column)] as const;
    const weightColumn = readPlan.listWeights.get(plan.name);
    const ofRows = historyElements([...source, elementItems], weightColumn && rawOf(good, weightColumn));
    const { inner } = ofRows;
    if (column.column.at === 'items') {
      const { weights, ...others } = ofRows;
      const ownWeights = weightColumn?.column.at === 'items' ? weights : undefined;
      this.itemElements.set(plan.name, elementBags({ ...others, weights: ownWeights }, items.rows));
    }
    const itemOf = ofRows.items && inEventOrder(ofRows.items);
    const inOrder = inEventOrder(ofRows.elements);
    const windowsByPart = this.#kept.get(plan.along ?? '') ?? this.windowsByPart(kind, max, inOrder);
    this.#kept.set(plan.name, windowsByPart);
    const weightRows = weightColumn && rowsIn(weightColumn);
    const elementsOf = (seenEvents: Int32Array) => ({
      values: gatherCodes(inOrder, seenEvents),
      givenItems: itemOf && gatherCodes(itemOf, seenEvents),
      weights:
        weightRows &&
        gatherNumbers(ofRows.weights!, gatherCodes(weightRows, seenEvents), new Float32Array(seenEvents.length)),
    });
    const elementsByOrder = new Map<Int32Array, ReturnType<typeof elementsOf>>();
    for (const part of [...parts, 'users'] as const) {
      const { order: seenEvents, windows } = windowsByPart[part];
      const ownElements = elementsByOrder.get(seenEvents) ?? elementsOf(seenEvents);
      elementsByOrder.set(seenEvents, ownElements);
      const { values, givenItems, weights } = ownElements;
      const items = plan.through && givenItems;
      const column: BagColumn = { kind: 'bags', values, ...windows, weights, items, inner };
      if (part === 'users') this.users.set(plan.name, { column });
      else {
        this.parts[part].set(plan.name, { column });
        if (givenItems)
          this.givenItems[part].set(plan.name, { bags: { kind: 'bags', ...windows, values: givenItems, weights } });
      }
    }
  }

  /** Returns the windows of a history. @param elements in the order of events; below 0 for an event that has none */
  private windowsByPart(kind: BoundHistory['kind'], max: number, elements: Int32Array): PartWindows {
    const { arranged, remembered, known, readPlan } = this.given;
    const { stream, eventIndexes } = arranged;
    const { step } = readPlan.needs;
    const areWhole = step !== undefined && usersAreRows(step);
    const isPresent = elements.map((element) => (element < 0 ? 0 : 1));
    const isComplete = !isPresent.includes(0);
    const marksOf = ({ marks }: PastEvents): Uint8Array =>
      isComplete ? marks : marks.map((mark, index) => mark & isPresent[index]!);
    const timelineOf = (past: PastEvents): Timeline =>
      isComplete ? past.timeline : makeTimeline(stream, marksOf(past));
    if (kind === 'others') {
      // Training users give no event, so the events that are given change no ring of theirs.
      const rings = makeRings(stream, marksOf(remembered.get(arranged.hasGiven ? 'test' : 'train')!));
      const ofPart = (part: Part): HistoryWindows => ({
        order: rings.order,
        windows:
          areWhole && part === 'train'
            ? windowsOfUsers(wholeRings(rings, max), stream, eventIndexes[part])
            : windowsAround(stream, rings, eventIndexes[part], max),
      });
      const knownRings = makeRings(stream, marksOf(known));
      const users = { order: knownRings.order, windows: wholeRings(knownRings, max) };
      return { train: ofPart('train'), validation: ofPart('validation'), test: ofPart('test'), users };
    }
    const ofPart = (part: Part): HistoryWindows => {
      const past = remembered.get(part)!;
      const timeline = timelineOf(past);
      const seenEvents = {
        ...past,
        marks: marksOf(past),
        timeline,
        ...(areWhole && part === 'train' ? { isWhole: true as const } : {}),
      };
      return { order: timeline.order, windows: pastWindows(stream, seenEvents, eventIndexes[part], max) };
    };
    const windowsOfParts = { train: ofPart('train'), validation: ofPart('validation'), test: ofPart('test') };
    const timeline = timelineOf(known);
    // An order that a part has too is the same array, whose elements are gathered once.
    const knownPart = parts.find((part) => remembered.get(part) === known);
    const order = knownPart === undefined ? timeline.order : windowsOfParts[knownPart].order;
    return { ...windowsOfParts, users: { order, windows: windowsAfter(timeline, max) } };
  }

  last(plan: FeaturePlan, list: string): void {
    const encoding = this.given.encodings.get(plan.encoderOf)!;
    const columnMaps = [...parts.map((part) => this.parts[part]), this.writtenOf(plan, 'events').columns];
    for (const columns of columnMaps) columns.set(plan.name, lastColumn(encoding, columns.get(list)!));
  }

  cross(plan: FeaturePlan, crosses: readonly string[]): void {
    const { arranged, encodings } = this.given;
    const set = (columns: ColumnMap, rows: number): void => {
      const crossedColumns = crosses.map((name) => columns.get(name)!);
      columns.set(plan.name, crossColumns(encodings.get(plan.encoderOf)!, crossedColumns, rows));
    };
    for (const part of parts) set(this.parts[part], arranged.eventIndexes[part].length);
    const { side, columns } = this.writtenOf(plan, 'events');
    set(columns, side.keys.length);
  }

  /** Returns the side of a feature. For a column of the events it is that of its tower, and any for a feature that no tower reads. */
  private writtenOf(plan: FeaturePlan, at: ColumnRequest['column']['at']): EntityColumns {
    const isItems = at === 'events' ? plan.tower === this.given.readPlan.needs.towers[1].name : at === 'items';
    return isItems ? this.itemSide : this.querySide;
  }

  /** Returns a function that maps row ids to the corpus rows of the items in a feature of the query tower; undefined if the feature has no items. */
  private itemsOf(
    plan: FeaturePlan,
    written: EntityColumns,
    column: ColumnRequest,
  ): ((ids: Int32Array) => IndexedBags) | undefined {
    const rows = written === this.querySide ? this.itemRows(plan, column) : undefined;
    const raw = rawOf(this.given.good, column);
    if (rows === undefined) return undefined;
    const singleBags = listRowIndexes(rows.length + 1);
    const { starts, ends } =
      raw.kind === 'bags' ? raw : { starts: singleBags.subarray(0, -1), ends: singleBags.subarray(1) };
    const weightColumn = this.given.readPlan.listWeights.get(plan.name);
    const weights = weightColumn && weightsOf(raw, rawOf(this.given.good, weightColumn));
    const bags = { kind: 'bags', starts, ends, values: rows, weights } as const;
    return (ids) => ({ bags, index: ids });
  }

  /** Returns the corpus row of the item in each value of a column, −1 if the corpus lacks it; undefined if the column does not contain items. */
  private itemRows(plan: FeaturePlan, column: ColumnRequest): Int32Array | undefined {
    const { good, readPlan, arranged } = this.given;
    const raw = rawOf(good, column);
    if (plan.name === this.itemSide.key || readPlan.itemKey?.inEvents.dictionary !== column.dictionary)
      return undefined;
    if (raw.kind === 'numbers' || !(raw.values instanceof Int32Array)) return undefined;
    return gatherCodes(arranged.items.ofCode, raw.values);
  }

  private keyColumn(plan: FeaturePlan, { at, key, wantedKey, side }: EntityColumns): IndexedColumn | undefined {
    if (plan.name !== key || wantedKey === undefined) return undefined;
    const inFile = this.given.good[at] && wantedKey.inFile;
    return this.encoder(plan, inFile ?? wantedKey.inEvents).encode(side.rows);
  }

  private encoder(plan: FeaturePlan, column: ColumnRequest): ColumnEncoder {
    const { good, encodings, readPlan } = this.given;
    const toEncode = (feature: FeaturePlan, source: ColumnRequest): EncoderArguments => [
      feature,
      encodings.get(feature.encoderOf)!,
      rawOf(good, source),
      dictionaryOf(good, source),
      feature.through && this.itemRows(feature, source),
    ];
    const list = readPlan.needs.features.find(({ name }) => name === plan.along);
    const ownArguments = toEncode(plan, column);
    if (list) return makeAlongEncoder(ownArguments, toEncode(list, readPlan.features.get(list.name)!));
    const weights = readPlan.listWeights.get(plan.name);
    return makeColumnEncoder(...ownArguments, weights && rawOf(good, weights));
  }
}

/** Returns the row id of each user's last event; −1 if there is none. */
const lastRowsOf = ({ order, starts }: Timeline, rows: Int32Array): Int32Array =>
  starts.subarray(1).map((end, user) => (end > starts[user]! ? rows[order[end - 1]!]! : -1));

function through({ column, index }: IndexedColumn, rows: Int32Array): IndexedColumn {
  return { column, index: index === undefined ? rows : gatherCodes(index, rows) };
}
