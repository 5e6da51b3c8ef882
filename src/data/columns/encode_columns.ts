/** Encodes features as columns for the events of each part, for the corpus, and for the users. */

import { listRowIndexes } from '../../base/util/objects.ts';
import { type FeaturePlan, hasRowPerUser, madeOf } from '../../graph/plan/plan.ts';
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
    if (history === undefined) columns.writeFeature(plan, readPlan.features.get(plan.name)!);
    else columns.writeHistory(plan, history, layout.histories.get(plan.name)!);
  }
  // Derived features use columns that are already written. A cross may use a last element.
  for (const plan of needs.features) if (plan.last !== undefined) columns.writeLast(plan, plan.last);
  for (const plan of needs.features) if (plan.crosses) columns.writeCross(plan, plan.crosses);
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

interface EntityOutput {
  readonly role: 'items' | 'users';
  readonly key?: string;
  readonly keyRequests: ReadPlan['itemKey'];
  readonly entities: EntityRows;
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
  readonly #windowsByFeature = new Map<string, PartWindows>();
  private readonly itemOutput: EntityOutput;
  private readonly queryOutput: EntityOutput;

  constructor(private readonly input: ColumnsToEncode) {
    const { readPlan, arranged } = input;
    const [query, item] = readPlan.needs.towers;
    const entityColumns = (
      role: EntityOutput['role'],
      key: string | undefined,
      keyRequests: ReadPlan['itemKey'],
    ): EntityOutput => ({ role, key, keyRequests, entities: arranged[role], columns: this[role] });
    this.queryOutput = entityColumns('users', query.key, readPlan.userKey);
    this.itemOutput = entityColumns('items', item.key, readPlan.itemKey);
  }

  writeFeature(plan: FeaturePlan, column: ColumnRequest): void {
    const { arranged, known } = this.input;
    const encoder = this.makeEncoder(plan, column);
    const { role } = column.column;
    const output = this.outputOf(plan, role);
    const { entities, columns } = output;
    const itemsOfRows = this.makeItemLookup(plan, output, column);
    if (role === 'events') {
      for (const part of parts) {
        this.parts[part].set(plan.name, encoder.encode(arranged.rows[part]));
        if (itemsOfRows) this.givenItems[part].set(plan.name, itemsOfRows(arranged.rows[part]));
      }
      // Features that come only from events have the value of the last event. For items this is the last training event.
      const keyColumn = this.encodeKey(plan, output);
      const lastRows = output === this.queryOutput ? lastRowsOf(known.timeline, arranged.order) : entities.lastTraining;
      columns.set(plan.name, keyColumn ?? encoder.encode(lastRows));
      if (keyColumn === undefined && output === this.queryOutput) this.asOfLastEvent.push(plan.name);
      return;
    }
    const wholeColumn = encoder.encode(entities.rows);
    columns.set(plan.name, wholeColumn);
    for (const part of parts) {
      const rows = gatherCodes(entities.ofEvent, arranged.eventIndexes[part]);
      this.parts[part].set(plan.name, indexThrough(wholeColumn, rows));
      if (itemsOfRows) this.givenItems[part].set(plan.name, itemsOfRows(gatherCodes(entities.rows, rows)));
    }
  }

  writeHistory(plan: FeaturePlan, column: ColumnRequest, { kind, max }: BoundHistory): void {
    const { good, arranged, encodings, readPlan } = this.input;
    const { order, items } = arranged;
    const rowsOfEvents = ({ column: { role } }: ColumnRequest): Int32Array =>
      role === 'items' ? gatherCodes(items.rows, items.ofEvent) : order;
    const inEventOrder = (values: Int32Array): Int32Array => gatherCodes(values, rowsOfEvents(column));
    const elementItems = plan.each ? undefined : this.corpusRowsOf(plan, column);
    const source = [plan, encodings.get(plan.encoderOf)!, rawOf(good, column), dictionaryOf(good, column)] as const;
    const weightColumn = readPlan.listWeights.get(plan.name);
    const rowElements = historyElements([...source, elementItems], weightColumn && rawOf(good, weightColumn));
    const { inner } = rowElements;
    if (column.column.role === 'items') {
      const { weights, ...windows } = rowElements;
      const ownWeights = weightColumn?.column.role === 'items' ? weights : undefined;
      this.itemElements.set(plan.name, elementBags({ ...windows, weights: ownWeights }, items.rows));
    }
    const itemByEvent = rowElements.items && inEventOrder(rowElements.items);
    const elementByEvent = inEventOrder(rowElements.elements);
    const windowsByPart =
      this.#windowsByFeature.get(plan.along ?? '') ?? this.computeWindows(kind, max, elementByEvent);
    this.#windowsByFeature.set(plan.name, windowsByPart);
    const weightRows = weightColumn && rowsOfEvents(weightColumn);
    const gatherElements = (eventOrder: Int32Array) => ({
      values: gatherCodes(elementByEvent, eventOrder),
      givenItems: itemByEvent && gatherCodes(itemByEvent, eventOrder),
      weights:
        weightRows &&
        gatherNumbers(rowElements.weights!, gatherCodes(weightRows, eventOrder), new Float32Array(eventOrder.length)),
    });
    const elementsByOrder = new Map<Int32Array, ReturnType<typeof gatherElements>>();
    for (const part of [...parts, 'users'] as const) {
      const { order: seenEvents, windows } = windowsByPart[part];
      const ownElements = elementsByOrder.get(seenEvents) ?? gatherElements(seenEvents);
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
  private computeWindows(kind: BoundHistory['kind'], max: number, elements: Int32Array): PartWindows {
    const { arranged, remembered, known, readPlan } = this.input;
    const { stream, eventIndexes } = arranged;
    const { step } = readPlan.needs;
    const keepsWholeTimelines = step !== undefined && hasRowPerUser(step);
    const isPresent = elements.map((element) => (element < 0 ? 0 : 1));
    const isComplete = !isPresent.includes(0);
    const marksOf = ({ marks }: PastEvents): Uint8Array =>
      isComplete ? marks : marks.map((mark, index) => mark & isPresent[index]!);
    const timelineOf = (past: PastEvents): Timeline =>
      isComplete ? past.timeline : makeTimeline(stream, marksOf(past));
    if (kind === 'others') {
      // Training users give no event, so given events do not change the ring of a training user.
      const rings = makeRings(stream, marksOf(remembered.get(arranged.hasGiven ? 'test' : 'train')!));
      const windowsFor = (part: Part): HistoryWindows => ({
        order: rings.order,
        windows:
          keepsWholeTimelines && part === 'train'
            ? windowsOfUsers(wholeRings(rings, max), stream, eventIndexes[part])
            : windowsAround(stream, rings, eventIndexes[part], max),
      });
      const knownRings = makeRings(stream, marksOf(known));
      const users = { order: knownRings.order, windows: wholeRings(knownRings, max) };
      return { train: windowsFor('train'), validation: windowsFor('validation'), test: windowsFor('test'), users };
    }
    const windowsFor = (part: Part): HistoryWindows => {
      const past = remembered.get(part)!;
      const timeline = timelineOf(past);
      const visiblePast = {
        ...past,
        marks: marksOf(past),
        timeline,
        ...(keepsWholeTimelines && part === 'train' ? { isWhole: true as const } : {}),
      };
      return { order: timeline.order, windows: pastWindows(stream, visiblePast, eventIndexes[part], max) };
    };
    const windowsOfParts = {
      train: windowsFor('train'),
      validation: windowsFor('validation'),
      test: windowsFor('test'),
    };
    const timeline = timelineOf(known);
    // An order that a part has too is the same array, whose elements are gathered once.
    const knownPart = parts.find((part) => remembered.get(part) === known);
    const order = knownPart === undefined ? timeline.order : windowsOfParts[knownPart].order;
    return { ...windowsOfParts, users: { order, windows: windowsAfter(timeline, max) } };
  }

  writeLast(plan: FeaturePlan, list: string): void {
    const encoding = this.input.encodings.get(plan.encoderOf)!;
    const columnMaps = [...parts.map((part) => this.parts[part]), this.outputOf(plan, 'events').columns];
    for (const columns of columnMaps) columns.set(plan.name, lastColumn(encoding, columns.get(list)!));
  }

  writeCross(plan: FeaturePlan, crosses: readonly string[]): void {
    const { arranged, encodings } = this.input;
    const writeFor = (columns: ColumnMap, rows: number): void => {
      const crossedColumns = crosses.map((name) => columns.get(name)!);
      columns.set(plan.name, crossColumns(encodings.get(plan.encoderOf)!, crossedColumns, rows));
    };
    for (const part of parts) writeFor(this.parts[part], arranged.eventIndexes[part].length);
    const { entities, columns } = this.outputOf(plan, 'events');
    writeFor(columns, entities.keys.length);
  }

  /** Returns the output of a feature, items or users. For a column of the events it follows from the tower; any will do for a feature that no tower reads. */
  private outputOf(plan: FeaturePlan, role: ColumnRequest['column']['role']): EntityOutput {
    const isItems = role === 'events' ? plan.tower === this.input.readPlan.needs.towers[1].name : role === 'items';
    return isItems ? this.itemOutput : this.queryOutput;
  }

  /** Returns a function that maps row ids to the corpus rows of the items in a feature of the query tower; undefined if the feature has no items. */
  private makeItemLookup(
    plan: FeaturePlan,
    output: EntityOutput,
    column: ColumnRequest,
  ): ((ids: Int32Array) => IndexedBags) | undefined {
    const rows = output === this.queryOutput ? this.corpusRowsOf(plan, column) : undefined;
    const raw = rawOf(this.input.good, column);
    if (rows === undefined) return undefined;
    const oneBagPerRow = listRowIndexes(rows.length + 1);
    const { starts, ends } =
      raw.kind === 'bags' ? raw : { starts: oneBagPerRow.subarray(0, -1), ends: oneBagPerRow.subarray(1) };
    const weightColumn = this.input.readPlan.listWeights.get(plan.name);
    const weights = weightColumn && weightsOf(raw, rawOf(this.input.good, weightColumn));
    const bags = { kind: 'bags', starts, ends, values: rows, weights } as const;
    return (ids) => ({ bags, index: ids });
  }

  /** Returns the corpus row of the item in each value of a column, −1 if the corpus lacks it; undefined if the column does not contain items. */
  private corpusRowsOf(plan: FeaturePlan, column: ColumnRequest): Int32Array | undefined {
    const { good, readPlan, arranged } = this.input;
    const raw = rawOf(good, column);
    if (plan.name === this.itemOutput.key || readPlan.itemKey?.inEvents.dictionary !== column.dictionary)
      return undefined;
    if (raw.kind === 'numbers' || !(raw.values instanceof Int32Array)) return undefined;
    return gatherCodes(arranged.items.ofCode, raw.values);
  }

  private encodeKey(plan: FeaturePlan, { role, key, keyRequests, entities }: EntityOutput): IndexedColumn | undefined {
    if (plan.name !== key || keyRequests === undefined) return undefined;
    const inFile = this.input.good[role] && keyRequests.inFile;
    return this.makeEncoder(plan, inFile ?? keyRequests.inEvents).encode(entities.rows);
  }

  private makeEncoder(plan: FeaturePlan, column: ColumnRequest): ColumnEncoder {
    const { good, encodings, readPlan } = this.input;
    const argumentsFor = (feature: FeaturePlan, source: ColumnRequest): EncoderArguments => [
      feature,
      encodings.get(feature.encoderOf)!,
      rawOf(good, source),
      dictionaryOf(good, source),
      feature.through && this.corpusRowsOf(feature, source),
    ];
    const list = readPlan.needs.features.find(({ name }) => name === plan.along);
    const ownArguments = argumentsFor(plan, column);
    if (list) return makeAlongEncoder(ownArguments, argumentsFor(list, readPlan.features.get(list.name)!));
    const weights = readPlan.listWeights.get(plan.name);
    return makeColumnEncoder(...ownArguments, weights && rawOf(good, weights));
  }
}

/** Returns the row id of each user's last event; −1 if there is none. */
const lastRowsOf = ({ order, starts }: Timeline, rows: Int32Array): Int32Array =>
  starts.subarray(1).map((end, user) => (end > starts[user]! ? rows[order[end - 1]!]! : -1));

const indexThrough = ({ column, index }: IndexedColumn, rows: Int32Array): IndexedColumn => ({
  column,
  index: index === undefined ? rows : gatherCodes(index, rows),
});
