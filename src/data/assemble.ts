/** Good rows, in order, become the parts, the corpus and the users of a data set. */
import { failure } from '../diagnostics/failure.ts';
import type { FeaturePlan } from '../lower/plan.ts';
import type { DataDescription } from '../model/model.ts';
import { crossColumns } from './crosses.ts';
import type { BagColumn, Corpus, Encoding, Events, IndexedColumn, Part, Users } from './dataset.ts';
import { encodeElements, fitColumn, makeColumnEncoder } from './encode.ts';
import type { Sample } from './encoders/contract.ts';
import { fitEncoder } from './encoders/table.ts';
import { gather, gatherNumbers, markedRows, placesOf } from './gather.ts';
import { makeTimeline, type Stream, type Timeline, windowsAfter, windowsBefore } from './history.ts';
import { type KeyRows, keyRows } from './keys.ts';
import type { Layout } from './layout.ts';
import type { Needs } from './needs.ts';
import type { RawCodes, RawColumn, RawNumbers } from './raw.ts';
import { parts, splitEvents } from './split.ts';
import type { Dictionaries, RawRows } from './tables.ts';
import type { Wanted, WantedColumn } from './wanted.ts';

export interface GoodRows extends RawRows {
  readonly kept: Uint8Array;
}

export interface ToAssemble {
  readonly description: DataDescription;
  readonly needs: Needs;
  readonly layout: Layout;
  readonly wanted: Wanted;
  readonly dictionaries: Dictionaries;
  readonly events: GoodRows;
  /** Row ids of events by ascending time, bad rows among them; without a time, or where they are in that order, absent. */
  readonly timeOrder?: Int32Array;
  readonly items?: GoodRows;
  readonly users?: GoodRows;
}

export interface Assembled {
  readonly parts: Readonly<Record<Part, Events>>;
  readonly corpus: Corpus;
  readonly users: Users;
  readonly encodings: ReadonlyMap<string, Encoding>;
  readonly missing: ReadonlyMap<string, number>;
  readonly missingLabels: ReadonlyMap<string, number>;
  readonly protocol: readonly string[];
}

/** A cross learns nothing from the data. */
const nothing: Sample = {
  texts: { texts: [''], counts: [0] },
  numbers: { values: new Float64Array(0), weights: [] },
};

export function assemble(given: ToAssemble): Assembled {
  const { description, needs, layout, wanted, dictionaries, events } = given;
  const [query, item] = needs.towers;
  const dictionaryOf = (column: WantedColumn): readonly string[] | undefined =>
    column.dictionary === undefined ? undefined : dictionaries.get(column.dictionary);

  // Rows in the order of time; from here on an event is its place in this order.
  const timeColumn = wanted.time && (events.columns.get(wanted.time) as RawNumbers).values;
  const order = markedRows(events.kept, given.timeOrder);
  const itemRows = keyRows(wanted.itemKey, events, given.items, order, dictionaries);
  const userRows = keyRows(wanted.userKey, events, given.users, order, dictionaries);
  const stream: Stream = {
    user: userRows.ofEvent,
    users: userRows.keys.length,
    ...(timeColumn === undefined ? {} : { times: gatherNumbers(timeColumn, order, new Float64Array(order.length)) }),
  };
  const folds = wanted.fold && foldsOf(wanted.fold, events, order, dictionaries);
  const split = splitEvents(
    description.split,
    { rows: order.length, ...stream, ...(folds === undefined ? {} : { folds }) },
    description.span,
  );
  const places: Record<Part, Int32Array> = {
    train: placesOf(split.part, 0),
    validation: placesOf(split.part, 1),
    test: placesOf(split.part, 2),
  };

  // How many training events each row has: all that is learnt, is learnt with these weights.
  const eventWeights = new Uint8Array(events.rows);
  const trainRows = gather(order, places.train);
  for (let i = 0; i < trainRows.length; i++) eventWeights[trainRows[i]!] = 1;
  const itemCounts = countsOf(itemRows.ofEvent, places.train, itemRows.keys.length);
  const userCounts = countsOf(userRows.ofEvent, places.train, userRows.keys.length);
  const weightsOf = (column: WantedColumn): ArrayLike<number> =>
    column.column.at === 'events'
      ? eventWeights
      : column.column.at === 'items'
        ? scatter(itemRows.rows, itemCounts, given.items!.rows)
        : scatter(userRows.rows, userCounts, given.users!.rows);
  const rawOf = (column: WantedColumn): RawColumn => {
    const rows = column.column.at === 'events' ? events : column.column.at === 'items' ? given.items! : given.users!;
    return rows.columns.get(column)!;
  };

  const encodings = new Map<string, Encoding>();
  for (const owner of new Set(needs.features.map(({ encoderOf }) => encoderOf))) {
    const teacher =
      needs.features.find(({ name }) => name === owner) ?? needs.features.find(({ encoderOf }) => encoderOf === owner)!;
    if (teacher.crosses) {
      encodings.set(owner, fitEncoder(teacher.encoder, nothing));
      continue;
    }
    const column = wanted.features.get(teacher.name) ?? wanted.histories.get(teacher.name)!;
    encodings.set(owner, fitColumn(teacher, rawOf(column), weightsOf(column), dictionaryOf(column)));
  }

  // What an item or a user last had in training, for features that only events know.
  const lastOf = (ofEvent: Int32Array, count: number): Int32Array => {
    const last = new Int32Array(count).fill(-1);
    const { train } = places;
    for (let i = 0; i < train.length; i++) if (ofEvent[train[i]!]! >= 0) last[ofEvent[train[i]!]!] = trainRows[i]!;
    return last;
  };
  const lastOfItem = lastOf(itemRows.ofEvent, itemRows.keys.length);
  const lastOfUser = lastOf(userRows.ofEvent, userRows.keys.length);

  const partFeatures: Record<Part, Map<string, IndexedColumn>> = {
    train: new Map(),
    validation: new Map(),
    test: new Map(),
  };
  const itemFeatures = new Map<string, IndexedColumn>();
  const userFeatures = new Map<string, IndexedColumn>();
  const missing = new Map<string, number>();
  const timelines = new Map<Part, { readonly remembered: Uint8Array; readonly timeline: Timeline }>();
  for (const [at, part] of parts.entries()) {
    if (part !== 'train' && wanted.histories.size === 0) continue;
    const remembered = split.part.map((other) => (other <= at ? 1 : 0));
    timelines.set(part, { remembered, timeline: makeTimeline(stream, remembered) });
  }

  for (const plan of needs.features) {
    if (plan.crosses) continue;
    const history = wanted.histories.get(plan.name);
    if (history === undefined) encodeFeature(plan, wanted.features.get(plan.name)!);
    else encodeHistory(plan, history, layout.histories.get(plan.name)!.max);
  }
  for (const plan of needs.features) if (plan.crosses) encodeCross(plan, plan.crosses);

  const labels = (ids: Int32Array): Map<string, Float32Array> =>
    new Map(
      [...wanted.labels].map(([name, column]) => {
        const { values } = events.columns.get(column) as RawNumbers;
        return [name, gatherNumbers(values, ids, new Float32Array(ids.length))];
      }),
    );
  const partOf = (part: Part): Events => ({
    rows: places[part].length,
    features: partFeatures[part],
    labels: labels(gather(order, places[part])),
    item: gather(itemRows.ofEvent, places[part]),
    user: gather(userRows.ofEvent, places[part]),
  });
  const learnt = { train: partOf('train'), validation: partOf('validation'), test: partOf('test') };
  const missingLabels = countMissing(learnt, description);
  const titles = titlesOf();
  const trained =
    wanted.itemKey === undefined
      ? makeTimeline(stream, new Uint8Array(order.length))
      : timelines.get('train')!.timeline;
  const seen: BagColumn = {
    kind: 'bags',
    ...windowsAfter(trained),
    values: gather(itemRows.ofEvent, trained.order),
  };
  return {
    parts: learnt,
    corpus: {
      rows: itemRows.keys.length,
      features: itemFeatures,
      keys: itemRows.keys,
      trainingCounts: itemCounts,
      ...(titles === undefined ? {} : { titles }),
    },
    users: { rows: userRows.keys.length, features: userFeatures, keys: userRows.keys, seen },
    encodings,
    missing,
    missingLabels,
    protocol: [split.sentence, ...sentences(given, itemRows, itemCounts), ...labelSentences(missingLabels)],
  };

  function encodeFeature(plan: FeaturePlan, column: WantedColumn): void {
    const raw = rawOf(column);
    const encoder = makeColumnEncoder(plan, encodings.get(plan.encoderOf)!, raw, dictionaryOf(column));
    missing.set(
      plan.name,
      missingIn(
        raw,
        column.column.at === 'events' ? events : column.column.at === 'items' ? given.items! : given.users!,
      ),
    );
    // A feature that no tower reads may lie on either side.
    const { at } = column.column;
    const isItems = at === 'events' ? plan.tower === item.name : at === 'items';
    const side = isItems ? itemRows : userRows;
    const target = isItems ? itemFeatures : userFeatures;
    if (column.column.at !== 'events') {
      const whole = encoder.encode(side.rows);
      target.set(plan.name, whole);
      for (const part of parts) partFeatures[part].set(plan.name, through(whole, gather(side.ofEvent, places[part])));
      return;
    }
    for (const part of parts) partFeatures[part].set(plan.name, encoder.encode(gather(order, places[part])));
    const key = isItems ? wanted.itemKey : wanted.userKey;
    if (plan.name === (isItems ? item.key : query.key) && key !== undefined) {
      target.set(plan.name, keyColumn(plan, key, side, isItems ? given.items : given.users));
    } else {
      target.set(plan.name, encoder.encode(isItems ? lastOfItem : lastOfUser));
    }
  }

  function encodeCross(plan: FeaturePlan, crosses: readonly string[]): void {
    const encoding = encodings.get(plan.encoderOf)!;
    const known = new Map<string, number>();
    const isItems = plan.tower === item.name;
    const side = isItems ? itemFeatures : userFeatures;
    const sideRows = (isItems ? itemRows : userRows).keys.length;
    const set = (features: Map<string, IndexedColumn>, rows: number): void => {
      const columns = crosses.map((name) => features.get(name)!);
      features.set(plan.name, crossColumns(encoding, columns, rows, known));
    };
    for (const part of parts) set(partFeatures[part], places[part].length);
    set(side, sideRows);
  }

  /** A key is known even where no training event has it. */
  function keyColumn(
    plan: FeaturePlan,
    key: NonNullable<Wanted['itemKey']>,
    side: KeyRows,
    file: GoodRows | undefined,
  ): IndexedColumn {
    const [rows, column] = file === undefined ? [events, key.inEvents] : [file, key.inFile!];
    const encoder = makeColumnEncoder(
      plan,
      encodings.get(plan.encoderOf)!,
      rows.columns.get(column)!,
      dictionaryOf(column),
    );
    return encoder.encode(side.rows);
  }

  function encodeHistory(plan: FeaturePlan, column: WantedColumn, max: number): void {
    const elements = encodeElements(encodings.get(plan.encoderOf)!, rawOf(column), dictionaryOf(column));
    const rows = column.column.at === 'items' ? gather(itemRows.rows, itemRows.ofEvent) : order;
    const inOrder = gather(elements, rows);
    const present = inOrder.map((element) => (element < 0 ? 0 : 1));
    const complete = !present.includes(0);
    for (const part of parts) {
      const known = timelines.get(part)!;
      const remembered = complete ? known.remembered : known.remembered.map((bit, place) => bit & present[place]!);
      const timeline = complete ? known.timeline : makeTimeline(stream, remembered);
      const values = gather(inOrder, timeline.order);
      const windows = windowsBefore(stream, remembered, timeline, places[part], max);
      partFeatures[part].set(plan.name, { column: { kind: 'bags', values, ...windows } });
      if (part === 'train') {
        userFeatures.set(plan.name, { column: { kind: 'bags', values, ...windowsAfter(timeline, max) } });
      }
    }
  }

  function titlesOf(): readonly string[] | undefined {
    const { title } = wanted;
    if (title === undefined) return undefined;
    const texts = dictionaries.get('title')!;
    const { values } = rawOf(title) as RawCodes;
    const rows = title.column.at === 'items' ? itemRows.rows : lastOfItem;
    return Array.from(rows, (row, at) => (row < 0 ? '' : texts[values[row]!]!) || itemRows.keys[at]!);
  }
}

function countsOf(ofEvent: Int32Array, places: Int32Array, count: number): Int32Array {
  const counts = new Int32Array(count);
  for (let i = 0; i < places.length; i++) if (ofEvent[places[i]!]! >= 0) counts[ofEvent[places[i]!]!]!++;
  return counts;
}

function scatter(rows: Int32Array, counts: Int32Array, length: number): Int32Array {
  const weights = new Int32Array(length);
  for (let at = 0; at < rows.length; at++) weights[rows[at]!] = counts[at]!;
  return weights;
}

function foldsOf(fold: WantedColumn, events: GoodRows, order: Int32Array, dictionaries: Dictionaries): Uint8Array {
  const { values } = events.columns.get(fold) as RawCodes;
  const byCode = dictionaries.get('fold')!.map((text) => (parts as readonly string[]).indexOf(text));
  return Uint8Array.from(order, (row) => byCode[values[row]!]!);
}

/** The column seen through one more index. */
function through({ column, index }: IndexedColumn, rows: Int32Array): IndexedColumn {
  return { column, index: index === undefined ? rows : gather(index, rows) };
}

function missingIn(raw: RawColumn, { kept }: GoodRows): number {
  let count = 0;
  for (let row = 0; row < kept.length; row++) {
    if (kept[row] === 0) continue;
    if (raw.kind === 'bags') count += raw.starts[row] === raw.ends[row] ? 1 : 0;
    else if (raw.kind === 'codes') count += raw.values[row] === 0 ? 1 : 0;
    else count += Number.isNaN(raw.values[row * raw.width]!) ? 1 : 0;
  }
  return count;
}

/** Events without a label, by label. Throws Failure where the training part has none at all: nothing could be learnt from it. */
function countMissing(of: Readonly<Record<Part, Events>>, { events }: DataDescription): Map<string, number> {
  const missingIn = (part: Part, name: string): number =>
    of[part].labels.get(name)!.reduce((sum, value) => sum + (Number.isNaN(value) ? 1 : 0), 0);
  return new Map(
    [...of.train.labels.keys()].map((name) => {
      const inTraining = missingIn('train', name);
      if (inTraining === of.train.rows) {
        throw failure(
          'data-needs',
          { what: name, needs: 'a value in one event at least of the training part' },
          events.span,
        );
      }
      return [name, inTraining + missingIn('validation', name) + missingIn('test', name)];
    }),
  );
}

function labelSentences(missing: ReadonlyMap<string, number>): string[] {
  return [...missing].flatMap(([name, count]) =>
    count === 0
      ? []
      : [`${count.toLocaleString('en')} events have no \`${name}\`: they have no part in what is learnt from it.`],
  );
}

function sentences(given: ToAssemble, items: KeyRows, counts: Int32Array): string[] {
  const { description, layout } = given;
  const cold = counts.reduce((sum, count) => sum + (count === 0 ? 1 : 0), 0);
  const sentence = [
    'Vocabularies, statistics and counts are learnt from the training part alone.',
    `The corpus has ${items.keys.length.toLocaleString('en')} items, ${
      given.items === undefined ? 'all that events have' : `the rows of ${description.items!.path}`
    }; ${cold.toLocaleString('en')} of them have no training event.`,
  ];
  for (const [name, { max }] of layout.histories) {
    sentence.push(
      `\`${name}\` is the user's last ${max} events that are strictly earlier; training events see training events only, validation events also earlier validation events, test events all.`,
    );
  }
  return sentence;
}
