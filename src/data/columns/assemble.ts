/** Assembles the valid rows into the parts, the corpus and the users of a data set. */
import { failure } from '../../base/diagnostics/failure.ts';
import { mostBytes, type Texts, TextsTooLarge, TextsWriter } from '../../base/text/texts.ts';
import { defined } from '../../base/util/defined.ts';
import type { DataDescription } from '../../graph/plan/data_description.ts';
import type { Encoder, FeaturePlan } from '../../graph/plan/plan.ts';
import type { ColumnRequest, ReadPlan } from '../binding/layout.ts';
import type { AsOf, BagColumn, Dataset, Encoding, Events, IndexedBags, Part } from '../dataset.ts';
import type { FeatureFile } from '../files/feature_files.ts';
import { grownEncoding, type Pinned } from '../pinned.ts';
import { protocolOf, sentencesOfPast } from '../protocol.ts';
import { freshRows, maybeSeconds, pastOf, trainingTimes, unitOf } from '../rows/fresh.ts';
import { gatherCodes, gatherNumbers, makeTimeline, type Timeline, windowsAfter } from '../rows/gather.ts';
import {
  eventsBefore,
  knownEventsOf,
  type OrderedEvents,
  orderEvents,
  type PastEvents,
  pastEventsOf,
  pastWindows,
} from '../rows/order_events.ts';
import { dictionaryOf, type RawCodes, type RawNumbers, rawOf, type ValidRows } from '../rows/raw.ts';
import { givesEvents, parts } from '../rows/split.ts';
import { type Admission, type AdmissionRule, admit, recoded } from './admission.ts';
import { type EncodedColumns, encodeColumns } from './columns.ts';
import { fitEncodings } from './fit_encoders.ts';

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
  const arranged = orderEvents(good, readPlan);
  const { encodings, admissions, recoded } = encodingsOf(input, arranged);
  const past = pastOf(input, arranged);
  const { events, encoded, seen, had, knownUntil } = encodeParts(input, arranged, encodings);
  const eventsByPart = {
    ...events,
    train: { ...events.train, ...defined({ fresh: past.fresh, replay: past.fresh && pinned?.replay }) },
  };
  const missingLabels = countMissingLabels(eventsByPart, description);
  const { items, users } = arranged;
  const titles = titlesOf(input, arranged);
  return {
    parts: eventsByPart,
    corpus: {
      rows: items.keys.length,
      features: encoded.items,
      keys: items.keys,
      trainingCounts: items.trainingCounts,
      ...defined({ titles }),
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
    ...defined({ evaluate: description.evaluate }),
    histories: new Map([...layout.histories].map(([name, { max }]) => [name, max])),
    protocol: [
      ...protocolOf(readPlan, good, arranged, missingLabels),
      ...sentencesOfPast(past, pinned, description.split.kind),
    ],
    ...(admissions.size > 0 ? { admissions } : {}),
    ...(recoded.size > 0 ? { recoded } : {}),
    ...defined({ until: past.until, knownUntil, heldOutBefore: past.heldOutBefore }),
  };
}

function encodingsOf(input: AssemblyInput, arranged: OrderedEvents): Admissions {
  const { good, readPlan, files, pinned } = input;
  if (pinned && !pinned.grows) return { encodings: pinned.encodings, admissions: new Map(), recoded: new Map() };
  const fitted = fitEncodings(good, readPlan, arranged, files);
  const earlierEncodings = pinned?.encodings;
  const allEncodings = new Map(
    [...fitted].map(([name, encoding]) => [
      name,
      refuseTooLarge(name, () => grownEncoding(earlierEncodings?.get(name) ?? encoding, encoding)),
    ]),
  );
  return fitAdmissions({ ...input, arranged }, allEncodings);
}

export interface EncodedParts {
  readonly events: Readonly<Record<Part, Events>>;
  readonly encoded: EncodedColumns;
  readonly seen: BagColumn;
  readonly had: BagColumn;
  readonly knownUntil?: number;
}

/** True if held-out events include the items that their users had before. */
export const knowsEarlier = ({ time, userKey, itemKey, description }: ReadPlan): boolean =>
  (time !== undefined || givesEvents(description)) && userKey !== undefined && itemKey !== undefined;

export function encodeParts(
  input: Pick<AssemblyInput, 'readPlan' | 'good' | 'asOf'>,
  arranged: OrderedEvents,
  encodings: ReadonlyMap<string, Encoding>,
): EncodedParts {
  const { readPlan, asOf } = input;
  const hasEarlier = knowsEarlier(readPlan);
  const pastParts = readPlan.histories.size > 0 || hasEarlier ? parts : (['train'] as const);
  const pastByPart = new Map(pastParts.map((part) => [part, pastEventsOf(arranged, part)] as const));
  // By default answers know the same events as the last events of the test part.
  const unit = unitOf(readPlan.time?.column.type ?? '');
  const lastKnown = asOf === 'validation' ? 'train' : asOf === 'test' ? 'validation' : 'test';
  const known =
    typeof asOf === 'number'
      ? eventsBefore(arranged, asOf * unit)
      : arranged.hasGiven
        ? knownEventsOf(arranged, lastKnown)
        : (pastByPart.get(lastKnown) ?? pastEventsOf(arranged, lastKnown));
  const encoded = encodeColumns({ ...input, arranged, encodings, remembered: pastByPart, known });
  const itemsByTimeline = new Map<Timeline, Int32Array>();
  const itemsOf = (timeline: Timeline): Int32Array => {
    const items = itemsByTimeline.get(timeline) ?? gatherCodes(arranged.items.ofEvent, timeline.order);
    itemsByTimeline.set(timeline, items);
    return items;
  };
  const lastTime = arranged.stream.times?.[known.marks.lastIndexOf(1)];
  const encodePart = (part: Part): Events => ({
    ...eventsOf(part, input, arranged, encoded),
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
    had: itemsOfUsers(input, arranged, known, itemsOf),
    ...defined({ knownUntil: lastTime === undefined ? undefined : lastTime / unit }),
  };
}

function eventsOf(
  part: Part,
  { good, readPlan }: Pick<AssemblyInput, 'good' | 'readPlan'>,
  arranged: OrderedEvents,
  encoded: EncodedColumns,
): Events {
  const { places, items, users } = arranged;
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
    item: gatherCodes(items.ofEvent, places[part]),
    user: gatherCodes(users.ofEvent, places[part]),
  };
}

/** Returns all items that the user of each event in a part had before it, however long ago, or those that a held-out user gives. */
function earlierItems(
  part: Part,
  { stream, places }: OrderedEvents,
  past: PastEvents,
  itemsOf: (timeline: Timeline) => Int32Array,
): IndexedBags {
  const windows = pastWindows(stream, past, places[part], Number.POSITIVE_INFINITY);
  return { bags: { kind: 'bags', ...windows, values: itemsOf(past.timeline) } };
}

/** Counts the events without a label, by label. Throws a Failure if no training event has the label, because nothing could be learned. */
function countMissingLabels(
  eventsByPart: Readonly<Record<Part, Events>>,
  { events }: DataDescription,
): Map<string, number> {
  const countMissing = (part: Part, name: string): number =>
    eventsByPart[part].labels.get(name)!.reduce((sum, value) => sum + (Number.isNaN(value) ? 1 : 0), 0);
  return new Map(
    [...eventsByPart.train.labels.keys()].map((name) => {
      const missingInTraining = countMissing('train', name);
      if (missingInTraining === eventsByPart.train.rows) {
        throw failure(
          'data-needs',
          { what: name, needs: 'a value in one event at least of the training part' },
          events.span,
        );
      }
      return [name, missingInTraining + countMissing('validation', name) + countMissing('test', name)];
    }),
  );
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

function titlesOf({ readPlan: { title }, good }: AssemblyInput, arranged: OrderedEvents): Texts | undefined {
  if (title === undefined) return undefined;
  const { items } = arranged;
  const texts = good.dictionaries.get('title')!;
  const { values } = rawOf(good, title) as RawCodes;
  const rows = title.column.at === 'items' ? items.rows : items.lastTraining;
  return titlesFrom(
    Int32Array.from(rows, (row) => (row < 0 ? 0 : values[row]!)),
    texts,
    items.keys,
  );
}

/** Vocabularies with admission and expiry, fitted to the counts of an earlier run and to the training events since. */
interface Admissions {
  readonly encodings: ReadonlyMap<string, Encoding>;
  readonly admissions: ReadonlyMap<string, Admission>;
  /** By feature: the new code of each code in the earlier run. Present if values have expired. */
  readonly recoded: ReadonlyMap<string, readonly (number | null)[]>;
}

type AdmissionInput = Omit<AssemblyInput, 'files'> & { readonly arranged: OrderedEvents };

const isCounted = (encoder: Encoder): encoder is Extract<Encoder, { kind: 'vocabulary' }> =>
  encoder.kind === 'vocabulary' &&
  encoder.values === undefined &&
  encoder.file === undefined &&
  (encoder.minimumCount > 1 || encoder.expireDays !== undefined);

/** @param fitted encodings by feature, as a single training would learn them */
function fitAdmissions(input: AdmissionInput, fitted: ReadonlyMap<string, Encoding>): Admissions {
  const { good, readPlan, pinned } = input;
  const encodings = new Map(fitted);
  const admissions = new Map<string, Admission>();
  const codeMaps = new Map<string, readonly (number | null)[]>();
  for (const teacher of readPlan.needs.features) {
    const { name, encoder, encoderOf, vectors } = teacher;
    if (name !== encoderOf || !isCounted(encoder) || vectors) continue;
    const rule: AdmissionRule = encoder;
    const earlierEncoding = pinned?.encodings.get(name);
    const column = readPlan.features.get(name) ?? readPlan.histories.get(name)!;
    const newOccurrences = occurrences(input, teacher, column, dictionaryOf(good, column) ?? []);
    const earlierVocabulary =
      earlierEncoding?.kind === 'vocabulary'
        ? { values: earlierEncoding.values, ...defined({ admission: pinned?.admissions?.get(name) }) }
        : undefined;
    const { values, admission } = refuseTooLarge(name, () => admit(rule, newOccurrences, earlierVocabulary));
    const encoding: Encoding = { kind: 'vocabulary', values };
    encodings.set(name, encoding);
    admissions.set(name, admission);
    const codeMap = earlierEncoding?.kind === 'vocabulary' && recoded(earlierEncoding.values, values);
    if (codeMap) codeMaps.set(name, codeMap);
  }
  return { encodings, admissions, recoded: codeMaps };
}

function occurrences(
  { good, readPlan, arranged, pinned }: AdmissionInput,
  { name, encoder }: FeaturePlan,
  column: ColumnRequest,
  texts: Texts,
) {
  const { description } = readPlan;
  const times = trainingTimes(readPlan, arranged);
  if (times === undefined && encoder.kind === 'vocabulary' && encoder.expireDays !== undefined) {
    throw failure(
      'data-needs',
      { what: name, needs: 'a time for `expire_days`: add `time = "…"` to the data block' },
      description.events.span,
    );
  }
  const lastTime = times?.at(-1);
  if (
    lastTime !== undefined &&
    encoder.kind === 'vocabulary' &&
    encoder.expireDays !== undefined &&
    !maybeSeconds(lastTime)
  ) {
    throw failure(
      'time-not-seconds',
      { what: `\`expire_days\` of \`${name}\``, time: lastTime },
      description.time?.span,
    );
  }
  // The counts of the earlier run already include its events.
  const firstNew = times && pinned?.until ? times.length - freshRows(times, { after: pinned.until }).length : 0;
  const counts = new Float64Array(texts.length);
  const lastSeen = new Float64Array(texts.length).fill(Number.NEGATIVE_INFINITY);
  const forEachCode = codesByEvent(good, column, arranged);
  const { train } = arranged.places;
  for (let index = firstNew; index < train.length; index++) {
    const time = times?.[index] ?? 0;
    forEachCode(train[index]!, (code) => {
      counts[code]!++;
      if (time > lastSeen[code]!) lastSeen[code] = time;
    });
  }
  counts[0] = 0;
  const now = Math.max(lastTime ?? 0, pinned?.until?.time ?? Number.NEGATIVE_INFINITY);
  return { texts, counts, seen: lastSeen, now };
}

/** Returns a function that visits each code of an event in a column, which may be in the events or in the file of its item or user. */
function codesByEvent(
  good: ValidRows,
  column: ColumnRequest,
  { order, items, users }: OrderedEvents,
): (event: number, use: (code: number) => void) => void {
  const raw = rawOf(good, column);
  const { at } = column.column;
  const entities = at === 'items' ? items : users;
  const rowOf = (event: number): number => {
    if (at === 'events') return order[event]!;
    const row = entities.ofEvent[event]!;
    return row < 0 ? -1 : entities.rows[row]!;
  };
  return (event, use) => {
    const row = rowOf(event);
    if (row < 0 || raw.kind === 'numbers') return;
    if (raw.kind === 'codes') use(raw.values[row]!);
    else for (let index = raw.starts[row]!; index < raw.ends[row]!; index++) use(raw.values[index]!);
  };
}

/**
 * Calls `make`, which joins lists of texts. Each of them fits into one list, but all together may not.
 * @param name of the column
 * @throws Failure `dictionary-too-large`
 */
function refuseTooLarge<T>(name: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof TextsTooLarge)) throw error;
    throw failure('dictionary-too-large', { name, most: mostBytes() });
  }
}

/** @param codes title codes by item; 0 for an item without a title, which is called by its key. @throws Failure `dictionary-too-large` */
export function titlesFrom(codes: Int32Array, texts: Texts, keys: Texts): Texts {
  return refuseTooLarge('title', () => {
    const titles = new TextsWriter(codes.length);
    for (let at = 0; at < codes.length; at++) {
      if (codes[at] === 0) titles.addFrom(keys, at);
      else titles.addFrom(texts, codes[at]!);
    }
    return titles.texts();
  });
}
