/** Good rows become the parts, the corpus and the users of a data set. */
import { defined } from '../../defined.ts';
import { failure } from '../../diagnostics/failure.ts';
import type { DataDescription } from '../../model/model.ts';
import type { Encoder, FeaturePlan } from '../../plan/plan.ts';
import type { Texts } from '../../text/texts.ts';
import type { ColumnRequest, ColumnRequests } from '../binding/column_requests.ts';
import type { Layout } from '../binding/layout.ts';
import type { Needs } from '../binding/needs.ts';
import type { BagColumn, Dataset, Encoding, Events, IndexedBags, Part } from '../dataset.ts';
import type { FeatureFile } from '../files/feature_files.ts';
import { grown, type Pinned } from '../pinned.ts';
import { protocolOf, sentencesOfPast } from '../protocol.ts';
import { freshRows, maybeSeconds } from '../rows/fresh.ts';
import { gather, gatherNumbers } from '../rows/gather.ts';
import { makeTimeline, windowsAfter, windowsBefore } from '../rows/history.ts';
import { type OrderedEvents, orderEvents, type Remembered, rememberedBy } from '../rows/order_events.ts';
import { pastOf, trainingTimes } from '../rows/past.ts';
import type { RawCodes, RawNumbers } from '../rows/raw.ts';
import { parts } from '../rows/split.ts';
import { dictionaryOf, rawOf, type ValidRows } from '../rows/valid_rows.ts';
import { type Admission, type AdmissionRule, admit, recoded } from './admission.ts';
import { type EncodedColumns, encodeColumns } from './columns.ts';
import { fitEncodings } from './fit_encoders.ts';
import { refuseTooLarge } from './large_texts.ts';
import { titlesFrom } from './titles.ts';

export interface ToAssemble {
  readonly description: DataDescription;
  readonly needs: Needs;
  readonly layout: Layout;
  readonly files: ReadonlyMap<string, FeatureFile>;
  readonly wanted: ColumnRequests;
  readonly good: ValidRows;
  readonly pinned?: Pinned;
}

/** Throws Failure where a part that was asked for is empty, or no training event has a value of a label. */
export function assemble(given: ToAssemble): Omit<Dataset, 'rejected'> {
  const { description, wanted, good, pinned } = given;
  const arranged = orderEvents(good, wanted, description);
  const { encodings, admissions, recoded } = encodingsOf(given, arranged);
  const past = pastOf(given, arranged);
  const { events, encoded, seen } = encodeParts(given, arranged, encodings);
  const eventsByPart = {
    ...events,
    train: { ...events.train, ...defined({ fresh: past.fresh, replay: past.fresh && pinned?.replay }) },
  };
  const missingLabels = countMissingLabels(eventsByPart, description);
  const { items, users } = arranged;
  const titles = titlesOf(given, arranged);
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
      seen,
      asOfLastEvent: encoded.asOfLastEvent,
    },
    encodings,
    seen: description.seen,
    ...defined({ evaluate: description.evaluate }),
    histories: new Map([...given.layout.histories].map(([name, { max }]) => [name, max])),
    missing: encoded.missing,
    missingLabels,
    protocol: [...protocolOf(given, arranged, missingLabels), ...sentencesOfPast(past, pinned, description.split.kind)],
    ...(admissions.size > 0 ? { admissions } : {}),
    ...(recoded.size > 0 ? { recoded } : {}),
    ...defined({ until: past.until, heldOutBefore: past.heldOutBefore }),
  };
}

function encodingsOf(given: ToAssemble, arranged: OrderedEvents): Admissions {
  const { good, wanted, needs, files, pinned } = given;
  if (pinned && !pinned.grows) return { encodings: pinned.encodings, admissions: new Map(), recoded: new Map() };
  const fitted = fitEncodings(good, wanted, needs, arranged, files);
  const before = pinned?.encodings;
  const all = new Map(
    [...fitted].map(([name, encoding]) => [
      name,
      refuseTooLarge(name, () => grown(before?.get(name) ?? encoding, encoding)),
    ]),
  );
  return fitAdmissions({ ...given, arranged }, all);
}

/** The events of each part, and what the items and the users have of them. */
export interface EncodedParts {
  readonly events: Readonly<Record<Part, Events>>;
  readonly encoded: EncodedColumns;
  /** What each user had in training. */
  readonly seen: BagColumn;
}

/** Whether held-out events have the items that their users had before. */
export const knowsEarlier = ({ time, userKey, itemKey }: ColumnRequests): boolean =>
  time !== undefined && userKey !== undefined && itemKey !== undefined;

/** Of all events, or of all events of some users. */
export function encodeParts(
  given: Omit<ToAssemble, 'description' | 'files'>,
  arranged: OrderedEvents,
  encodings: ReadonlyMap<string, Encoding>,
): EncodedParts {
  const { wanted } = given;
  const earlier = knowsEarlier(wanted);
  const asking = wanted.histories.size > 0 || earlier ? parts : (['train'] as const);
  const remembered = new Map(asking.map((part) => [part, rememberedBy(arranged, part)] as const));
  const encoded = encodeColumns({ ...given, arranged, encodings, remembered });
  const partOf = (part: Part): Events => ({
    ...eventsOf(part, given, arranged, encoded),
    ...(earlier && part !== 'train' ? { earlier: earlierItems(part, arranged, remembered.get(part)!) } : {}),
  });
  return {
    events: { train: partOf('train'), validation: partOf('validation'), test: partOf('test') },
    encoded,
    seen: seenItems(given, arranged, remembered.get('train')!),
  };
}

function eventsOf(
  part: Part,
  { good, wanted }: Pick<ToAssemble, 'good' | 'wanted'>,
  arranged: OrderedEvents,
  encoded: EncodedColumns,
): Events {
  const { places, items, users } = arranged;
  const rows = arranged.rows[part];
  const labels = [...wanted.labels].map(([name, column]) => {
    const { values } = rawOf(good, column) as RawNumbers;
    return [name, gatherNumbers(values, rows, new Float32Array(rows.length))] as const;
  });
  return {
    rows: rows.length,
    ids: rows,
    features: encoded.parts[part],
    givenItems: encoded.givenItems[part],
    labels: new Map(labels),
    item: gather(items.ofEvent, places[part]),
    user: gather(users.ofEvent, places[part]),
  };
}

/** All that each event of a part has before it, however long ago. */
function earlierItems(
  part: Part,
  { stream, places, items }: OrderedEvents,
  { marks, timeline }: Remembered,
): IndexedBags {
  const windows = windowsBefore(stream, marks, timeline, places[part], Number.POSITIVE_INFINITY);
  return { bags: { kind: 'bags', ...windows, values: gather(items.ofEvent, timeline.order) } };
}

/** Events without a label, by label. Throws Failure where the training part has none at all: nothing could be learned from it. */
function countMissingLabels(of: Readonly<Record<Part, Events>>, { events }: DataDescription): Map<string, number> {
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

/** Without an item key nobody has seen anything. */
function seenItems(
  { wanted }: Pick<ToAssemble, 'wanted'>,
  { stream, part, items }: OrderedEvents,
  training: Remembered,
): BagColumn {
  const timeline = wanted.itemKey === undefined ? makeTimeline(stream, new Uint8Array(part.length)) : training.timeline;
  return { kind: 'bags', ...windowsAfter(timeline), values: gather(items.ofEvent, timeline.order) };
}

/** What people call each item, where the data has a title column; its key where it has none. */
function titlesOf({ wanted: { title }, good }: ToAssemble, arranged: OrderedEvents): Texts | undefined {
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

/** Vocabularies whose values are admitted, and leave: fitted on what an earlier run counted, and on the training events since. */
interface Admissions {
  readonly encodings: ReadonlyMap<string, Encoding>;
  readonly admissions: ReadonlyMap<string, Admission>;
  /** By feature: what became of the codes of the run before, where some values have left. */
  readonly recoded: ReadonlyMap<string, readonly (number | null)[]>;
}

interface ToAdmit {
  readonly description: DataDescription;
  readonly good: ValidRows;
  readonly wanted: ColumnRequests;
  readonly needs: Needs;
  readonly arranged: OrderedEvents;
  readonly pinned?: Pinned;
}

/** Whether a run must remember more of a vocabulary than its values. */
const isCounted = (encoder: Encoder): encoder is Extract<Encoder, { kind: 'vocabulary' }> =>
  encoder.kind === 'vocabulary' &&
  encoder.values === undefined &&
  encoder.file === undefined &&
  (encoder.minimumCount > 1 || encoder.expireDays !== undefined);

/** @param fitted by feature, as one training would learn them */
function fitAdmissions(given: ToAdmit, fitted: ReadonlyMap<string, Encoding>): Admissions {
  const { good, wanted, needs, pinned } = given;
  const encodings = new Map(fitted);
  const admissions = new Map<string, Admission>();
  const codes = new Map<string, readonly (number | null)[]>();
  for (const teacher of needs.features) {
    const { name, encoder, encoderOf, vectors } = teacher;
    if (name !== encoderOf || !isCounted(encoder) || vectors) continue;
    const rule: AdmissionRule = encoder;
    const before = pinned?.encodings.get(name);
    const column = wanted.features.get(name) ?? wanted.histories.get(name)!;
    const found = occurrences(given, teacher, column, dictionaryOf(good, column) ?? []);
    const known =
      before?.kind === 'vocabulary'
        ? { values: before.values, ...defined({ admission: pinned?.admissions?.get(name) }) }
        : undefined;
    const { values, admission } = refuseTooLarge(name, () => admit(rule, found, known));
    const encoding: Encoding = { kind: 'vocabulary', values };
    encodings.set(name, encoding);
    admissions.set(name, admission);
    const changed = before?.kind === 'vocabulary' && recoded(before.values, values);
    if (changed) codes.set(name, changed);
  }
  return { encodings, admissions, recoded: codes };
}

function occurrences(
  { good, wanted, arranged, pinned, description }: ToAdmit,
  { name, encoder }: FeaturePlan,
  column: ColumnRequest,
  texts: Texts,
) {
  const times = trainingTimes(wanted, arranged);
  if (times === undefined && encoder.kind === 'vocabulary' && encoder.expireDays !== undefined) {
    throw failure(
      'data-needs',
      { what: name, needs: 'a time for `expire_days`: add `time = "…"` to the data block' },
      description.events.span,
    );
  }
  const last = times?.at(-1);
  if (last !== undefined && encoder.kind === 'vocabulary' && encoder.expireDays !== undefined && !maybeSeconds(last)) {
    throw failure('time-not-seconds', { what: `\`expire_days\` of \`${name}\``, time: last }, description.time?.span);
  }
  // What the earlier run had is in its counts.
  const first = times && pinned?.until ? times.length - freshRows(times, { after: pinned.until }).length : 0;
  const counts = new Float64Array(texts.length);
  const seen = new Float64Array(texts.length).fill(Number.NEGATIVE_INFINITY);
  const count = codesByEvent(good, column, arranged);
  const { train } = arranged.places;
  for (let at = first; at < train.length; at++) {
    const time = times?.[at] ?? 0;
    count(train[at]!, (code) => {
      counts[code]!++;
      if (time > seen[code]!) seen[code] = time;
    });
  }
  counts[0] = 0;
  const now = Math.max(last ?? 0, pinned?.until?.time ?? Number.NEGATIVE_INFINITY);
  return { texts, counts, seen, now };
}

/** Calls back with each code that an event has in a column of its own file, or of the file of its item or user. */
function codesByEvent(
  good: ValidRows,
  column: ColumnRequest,
  { order, items, users }: OrderedEvents,
): (event: number, use: (code: number) => void) => void {
  const raw = rawOf(good, column);
  const { at } = column.column;
  const side = at === 'items' ? items : users;
  const rowOf = (event: number): number => {
    if (at === 'events') return order[event]!;
    const row = side.ofEvent[event]!;
    return row < 0 ? -1 : side.rows[row]!;
  };
  return (event, use) => {
    const row = rowOf(event);
    if (row < 0 || raw.kind === 'numbers') return;
    if (raw.kind === 'codes') use(raw.values[row]!);
    else for (let place = raw.starts[row]!; place < raw.ends[row]!; place++) use(raw.values[place]!);
  };
}
