/** Assembles the valid rows into the parts, the corpus and the users of a data set. */

import { type Texts, TextsWriter } from '../../base/text/texts.ts';
import { givesEvents } from '../../graph/plan/data_description.ts';
import type { ReadPlan } from '../binding/data_layout.ts';
import type { AsOf, BagColumn, Dataset, Encoding, Events, IndexedBags, Part } from '../dataset.ts';
import type { FeatureFile } from '../files/feature_files.ts';
import type { Pinned } from '../pinned.ts';
import { freshRows, pastOf, trainingTimes, unitOf } from '../rows/fresh.ts';
import { gatherCodes, gatherNumbers } from '../rows/gather_rows.ts';
import { type OrderedEvents, orderEvents } from '../rows/order_events.ts';
import {
  eventsBefore,
  knownEventsOf,
  makeTimeline,
  type PastEvents,
  pastEventsOf,
  pastWindows,
  type Timeline,
  windowsAfter,
} from '../rows/past_events.ts';
import { dictionaryOf, type RawCodes, type RawNumbers, rawOf, type ValidRows } from '../rows/raw.ts';
import { parts } from '../rows/split.ts';
import { type EncodedColumns, encodeColumns } from './encode_columns.ts';
import { fitEncodings } from './fit_encoders.ts';
import { type GrownEncodings, growEncodings, joinOrFail, OccurrenceCounter } from './grown_encodings.ts';
import { countMissingLabels, protocolOf, rejectUnlabelled, sentencesOfPast } from './protocol.ts';

export interface AssemblyInput {
  readonly readPlan: ReadPlan;
  readonly files: ReadonlyMap<string, FeatureFile>;
  readonly good: ValidRows;
  readonly pinned?: Pinned;
  /** Default: answers know the events of all parts. */
  readonly asOf?: AsOf;
}

/** Throws a Failure if a requested part is empty, or if no training event has a value of a label. */
export function assemble(
  input: AssemblyInput,
): Omit<Dataset, 'rejected' | 'eventBasis'> & Pick<EncodedColumns, 'itemElements'> {
  const { readPlan, good, pinned } = input;
  const { description, layout } = readPlan;
  const orderedEvents = orderEvents(good, readPlan);
  const { encodings, admissions, recoded: codeMaps } = fitOrReuseEncodings(input, orderedEvents);
  const trainingPast = pastOf(input, orderedEvents);
  const { events, encoded, seen, had, knownUntil } = encodeParts(input, orderedEvents, encodings);
  const eventsByPart = {
    ...events,
    train: { ...events.train, fresh: trainingPast.fresh, replay: trainingPast.fresh && pinned?.replay },
  };
  const missingLabels = countMissingLabels(events);
  rejectUnlabelled(missingLabels, events.train.rows, description);
  const { items, users } = orderedEvents;
  const titles = titlesOfItems(input, orderedEvents);
  return {
    parts: eventsByPart,
    corpus: {
      rows: items.keys.length,
      features: encoded.items,
      keys: items.keys,
      trainingCounts: items.trainingCounts,
      titles,
    },
    users: {
      rows: users.keys.length,
      features: encoded.users,
      keys: users.keys,
      ...{ seen, had },
      asOfLastEvent: encoded.asOfLastEvent,
    },
    encodings,
    itemElements: encoded.itemElements,
    seen: description.seen,
    evaluate: description.evaluate,
    histories: new Map([...layout.histories].map(([name, { max }]) => [name, max])),
    protocol: [
      ...protocolOf(readPlan, good, orderedEvents, missingLabels),
      ...sentencesOfPast(trainingPast, pinned, description.split.kind),
    ],
    ...(admissions.size > 0 ? { admissions } : {}),
    ...(codeMaps.size > 0 ? { recoded: codeMaps } : {}),
    until: trainingPast.until,
    knownUntil,
    heldOutBefore: trainingPast.heldOutBefore,
  };
}

function fitOrReuseEncodings(input: AssemblyInput, arranged: OrderedEvents): GrownEncodings {
  const { good, readPlan, files, pinned } = input;
  if (pinned && !pinned.grows) return { encodings: pinned.encodings, admissions: new Map(), recoded: new Map() };
  const fitted = fitEncodings(good, readPlan, arranged, files);
  return growEncodings({ readPlan, fitted, pinned }, (teacher, column) => {
    const counter = new OccurrenceCounter(readPlan, teacher, column, dictionaryOf(good, column) ?? []);
    const times = trainingTimes(readPlan, arranged);
    // The counts of the earlier run already include its events.
    const firstNew = times && pinned?.until ? times.length - freshRows(times, { after: pinned.until }).length : 0;
    counter.add(good, arranged, (index) => index >= firstNew);
    return counter;
  });
}

export interface EncodedParts {
  readonly events: Readonly<Record<Part, Events>>;
  readonly encoded: EncodedColumns;
  readonly seen: BagColumn;
  readonly had: BagColumn;
  readonly knownUntil?: number;
}

/** True if held-out events include the items that their users had before. */
export const hasEarlierItems = ({ time, userKey, itemKey, description }: ReadPlan): boolean =>
  (time !== undefined || givesEvents(description)) && userKey !== undefined && itemKey !== undefined;

export function encodeParts(
  input: Pick<AssemblyInput, 'readPlan' | 'good' | 'asOf'>,
  arranged: OrderedEvents,
  encodings: ReadonlyMap<string, Encoding>,
): EncodedParts {
  const { readPlan, asOf } = input;
  const hasEarlier = hasEarlierItems(readPlan);
  const pastParts = readPlan.histories.size > 0 || hasEarlier ? parts : (['train'] as const);
  const pastByPart = new Map(pastParts.map((part) => [part, pastEventsOf(arranged, part)] as const));
  // By default answers know the same events as the last events of the test part.
  const unitsPerSecond = unitOf(readPlan.time?.column.type ?? '');
  const lastKnown = asOf === 'validation' ? 'train' : asOf === 'test' ? 'validation' : 'test';
  const knownEvents =
    typeof asOf === 'number'
      ? eventsBefore(arranged, asOf * unitsPerSecond)
      : arranged.hasGiven
        ? knownEventsOf(arranged, lastKnown)
        : (pastByPart.get(lastKnown) ?? pastEventsOf(arranged, lastKnown));
  const encoded = encodeColumns({ ...input, arranged, encodings, remembered: pastByPart, known: knownEvents });
  const itemsByTimeline = new Map<Timeline, Int32Array>();
  const itemsOf = (timeline: Timeline): Int32Array => {
    const items = itemsByTimeline.get(timeline) ?? gatherCodes(arranged.items.ofEvent, timeline.order);
    itemsByTimeline.set(timeline, items);
    return items;
  };
  const lastTime = arranged.stream.times?.[knownEvents.marks.lastIndexOf(1)];
  const encodePart = (part: Part): Events => ({
    ...eventsOfPart(part, input, arranged, encoded),
    ...(hasEarlier && part !== 'train'
      ? {
          earlier: earlierItems(part, arranged, pastByPart.get(part)!, itemsOf),
          ...(arranged.hasGiven ? { givesEarlier: true } : {}),
        }
      : {}),
  });
  return {
    events: { train: encodePart('train'), validation: encodePart('validation'), test: encodePart('test') },
    encoded,
    seen: itemsOfUsers(input, arranged, pastByPart.get('train')!, itemsOf),
    had: itemsOfUsers(input, arranged, knownEvents, itemsOf),
    knownUntil: lastTime === undefined ? undefined : lastTime / unitsPerSecond,
  };
}

function eventsOfPart(
  part: Part,
  { good, readPlan }: Pick<AssemblyInput, 'good' | 'readPlan'>,
  arranged: OrderedEvents,
  encoded: EncodedColumns,
): Events {
  const { eventIndexes, items, users } = arranged;
  const rows = arranged.rows[part];
  const labels = [...readPlan.labels].map(([name, column]) => {
    const { values } = rawOf(good, column) as RawNumbers;
    return [name, gatherNumbers(values, rows, new Float32Array(rows.length))] as const;
  });
  return {
    rows: rows.length,
    ids: rows,
    features: encoded.parts[part],
    givenItems: encoded.givenItems[part],
    labels: new Map(labels),
    item: gatherCodes(items.ofEvent, eventIndexes[part]),
    user: gatherCodes(users.ofEvent, eventIndexes[part]),
  };
}

/** Returns all items that the user of each event in a part had before that event, however long ago; for a held-out user, the items that the user gives. */
function earlierItems(
  part: Part,
  { stream, eventIndexes }: OrderedEvents,
  past: PastEvents,
  itemsOf: (timeline: Timeline) => Int32Array,
): IndexedBags {
  const windows = pastWindows(stream, past, eventIndexes[part], Number.POSITIVE_INFINITY);
  return { bags: { kind: 'bags', ...windows, values: itemsOf(past.timeline) } };
}

/** Returns the items that each user had in some events; empty bags if there is no item key. */
function itemsOfUsers(
  { readPlan }: Pick<AssemblyInput, 'readPlan'>,
  { stream, part }: OrderedEvents,
  events: PastEvents,
  itemsOf: (timeline: Timeline) => Int32Array,
): BagColumn {
  const timeline = readPlan.itemKey === undefined ? makeTimeline(stream, new Uint8Array(part.length)) : events.timeline;
  return { kind: 'bags', ...windowsAfter(timeline), values: itemsOf(timeline) };
}

function titlesOfItems({ readPlan: { title }, good }: AssemblyInput, arranged: OrderedEvents): Texts | undefined {
  if (title === undefined) return undefined;
  const { items } = arranged;
  const texts = good.dictionaries.get('title')!;
  const { values } = rawOf(good, title) as RawCodes;
  const rows = title.column.role === 'items' ? items.rows : items.lastTraining;
  return titlesFrom(
    Int32Array.from(rows, (row) => (row < 0 ? 0 : values[row]!)),
    texts,
    items.keys,
  );
}

/** @param codes title codes by item; 0 for an item without a title, which is called by its key. @throws Failure `dictionary-too-large` */
export const titlesFrom = (codes: Int32Array, texts: Texts, keys: Texts): Texts =>
  joinOrFail('title', () => {
    const titles = new TextsWriter(codes.length);
    for (let index = 0; index < codes.length; index++) {
      if (codes[index] === 0) titles.addFrom(keys, index);
      else titles.addFrom(texts, codes[index]!);
    }
    return titles.texts();
  });
