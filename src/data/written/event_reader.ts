/**
 * Reads events one by one like rows of the events files: the same SQL computes their columns, the same checks apply, and the code of training encodes what each
 * adds to histories. Of the files it needs only the types of their columns. Long because all steps of reading an event share its context.
 */
import { Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import type { DataDescription } from '../../graph/plan/data_description.ts';
import type { FeaturePlan } from '../../graph/plan/plan.ts';
import { type BindOptions, withBound } from '../binding/bind.ts';
import {
  type BoundColumn,
  type ColumnRequest,
  makeReadPlan,
  type Needs,
  type ReadPlan,
  readsOtherRows,
} from '../binding/data_layout.ts';
import {
  type EncoderArguments,
  elementBags,
  type HistoryElements,
  historyElements,
  missingCode,
} from '../columns/column_encoder.ts';
import type { BagColumn, Dataset, Encoding, IndexedColumn } from '../dataset.ts';
import type { DataSource } from '../files/data_source.ts';
import { openDatabase } from '../files/duckdb.ts';
import { unitOf } from '../rows/fresh.ts';
import type { RawCodes, RawNumbers } from '../rows/raw.ts';
import { type TimeScale, timeScale } from '../rows/time_scale.ts';
import {
  checkColumns,
  type EventReader,
  type EventSource,
  errorOf,
  type GivenEvent,
  keyComplaint,
  type ReadEvent,
  type TextRow,
  type WrittenField,
  writtenError,
  writtenReader,
} from './fields.ts';
import { type CheckedRows, computeChecked, encodeRows, fieldsOf, makeWrittenQuery, textRow } from './written_rows.ts';

type KnownEvents = Pick<Dataset, 'eventBasis' | 'knownUntil'>;

/** @throws Failure `events-closed` if the events of the block cannot be computed one by one, and as `readDataset` */
export const openEventReader = (
  description: DataDescription,
  needs: Needs,
  encodings: ReadonlyMap<string, Encoding>,
  { eventBasis, knownUntil }: KnownEvents,
  options: BindOptions = {},
): Promise<EventReader> =>
  withBound(description, needs, options, async ({ layout }) => {
    const readPlan = makeReadPlan(description, needs, layout);
    const { userKey, itemKey, time } = readPlan;
    const { where } = layout;
    if (!userKey || !itemKey) {
      const missing = userKey ? 'item' : 'query';
      throw refusal(`the ${missing} tower has no key`, `add \`key: FEATURE\` to the ${missing} tower`);
    }
    if (time === undefined || knownUntil === undefined)
      throw refusal('the events have no time', 'add `time = "…"` to the data block');
    const places: EventPlaces = {
      user: bareName(userKey.inEvents.column),
      item: bareName(itemKey.inEvents.column),
      time: time.column.bare,
    };
    const selected = selectRequests(readPlan, { userKey: userKey.inEvents, itemKey: itemKey.inEvents, time, where });
    const context = { ...selected, source: layout.sources.get('events')!, readPlan, places, encodings };
    return await makeReader(context, { eventBasis, knownUntil }, options.signal);
  });

const refusal = (reason: string, advice: string): Failure => failure('events-closed', { reason, advice });

/** The columns of the keys and of the time. A time that is computed has none. */
interface EventPlaces {
  readonly user: string;
  readonly item: string;
  readonly time: string | undefined;
}

function bareName({ bare, name }: BoundColumn): string {
  if (bare !== undefined) return bare;
  throw refusal(`the key \`${name}\` is computed by SQL`, 'store the key in a column of its own');
}

interface KeyRequests {
  readonly userKey: ColumnRequest;
  readonly itemKey: ColumnRequest;
  readonly time: ColumnRequest;
}

interface SelectedRequests extends KeyRequests {
  readonly where?: ColumnRequest;
  readonly requests: readonly ColumnRequest[];
}

/**
 * Selects every column that can be computed from one event. One that cannot is allowed only where no input needs it, such as a label.
 * @throws Failure `events-closed` for a column of the query tower that needs more
 */
function selectRequests(
  readPlan: ReadPlan,
  { where, ...keys }: KeyRequests & { readonly where: BoundColumn | undefined },
): SelectedRequests {
  const { needs, histories, features, listWeights, layout } = readPlan;
  const needed = needs.features.flatMap((plan): ColumnRequest[] => {
    const request = histories.get(plan.name) ?? (isOfQuery(plan, readPlan) ? features.get(plan.name) : undefined);
    if (request === undefined) return [];
    if (layout.histories.get(plan.name)?.kind === 'others')
      throw refusal(`\`${plan.name}\` is a history of other events`, 'make it a history of past events: `past(…)`');
    const weights = listWeights.get(plan.name);
    if (histories.has(plan.name) && weights && weights.column.role !== request.column.role)
      throw refusal(`the weights of \`${plan.name}\` are in another file`, 'store the weights beside the elements');
    return [request, ...(weights ? [weights] : [])];
  });
  const whereRequest: ColumnRequest | undefined = where && { column: where, form: 'number' };
  const requests = [...Object.values(keys), ...needed, ...(whereRequest ? [whereRequest] : [])];
  for (const { column } of requests) {
    if (column.role !== 'events' || isOfOneRow(column)) continue;
    const reason = `\`${column.name}\` of the data block reads more than columns of one event`;
    throw refusal(reason, 'compute the column before, and store it in the events file');
  }
  const ownRequests = readPlan.columns.get('events')!.filter(({ column }) => isOfOneRow(column));
  return {
    ...keys,
    ...(whereRequest ? { where: whereRequest } : {}),
    requests: [...ownRequests.filter((request) => request !== readPlan.fold), ...(whereRequest ? [whereRequest] : [])],
  };
}

const isOfOneRow = (column: BoundColumn): boolean => column.scope.join() === 'events' && !readsOtherRows(column);

const isOfQuery = ({ name, tower }: FeaturePlan, { needs, features }: ReadPlan): boolean => {
  const [query, item] = needs.towers;
  return name !== query.key && tower !== item.name && features.get(name)?.column.role === 'events';
};

interface EventContext extends SelectedRequests {
  readonly source: DataSource;
  readonly readPlan: ReadPlan;
  readonly places: EventPlaces;
  readonly encodings: ReadonlyMap<string, Encoding>;
}

/** Long because it holds what all events of a reader share: the database and the query, which one call at a time uses. */
async function makeReader(
  context: EventContext,
  knownEvents: Required<KnownEvents>,
  signal: AbortSignal | undefined,
): Promise<EventReader> {
  const { source, readPlan, requests, userKey, itemKey, time, where, places } = context;
  const { layout } = readPlan;
  const { types } = knownEvents.eventBasis;
  const database = await openDatabase(signal);
  const query = await makeWrittenQuery({
    ...{ database, layout, role: 'events', requests, wanted: [], modelTypes: types, filterTypes: new Map() },
  });
  // All columns that the data block reads are fields, not only those of the query: a later training reads the event too.
  const readColumns = [
    ...readPlan.columns.get('events')!.map(({ column }) => column),
    ...(layout.where ? [layout.where] : []),
  ].filter((column) => column !== layout.fold);
  const fields = fieldsOf(source, [types], [places.user, places.item], readColumns);
  const checkPlan = planOfRequests(readPlan, requests);
  const unit = unitOf(time.column.type);
  const shownName = (column: string): string =>
    Object.entries(places).find(([, ownColumn]) => ownColumn === column)?.[0] ?? column;

  const checksTimes = readPlan.description.times !== 'any';
  const scaleAt = (now: Date): TimeScale => timeScale(knownEvents.knownUntil, now.getTime() / 1000);

  const readRows = async (
    rows: readonly TextRow[],
    corpusRow: (key: string) => number,
  ): Promise<(ReadEvent | Failure)[]> => {
    const checkSource = {
      database,
      query,
      source,
      readPlan: checkPlan,
      where,
      timeScale: checksTimes ? scaleAt(new Date()) : undefined,
      shownName,
    };
    const checked = await computeChecked('event', checkSource, rows);
    const numberAt = (request: ColumnRequest, row: number): number =>
      (checked.raw.get(request) as RawNumbers).values[row]!;
    refuseWithoutTime(checked, time);
    const columns = encodeEvents(context, knownEvents.eventBasis.itemElements, checked, corpusRow);
    return rows.map(
      (_, row): ReadEvent | Failure =>
        checked.failures.get(row) ?? {
          user: checked.textAt(userKey, row),
          item: checked.textAt(itemKey, row),
          time: numberAt(time, row) / unit,
          counts: where === undefined || numberAt(where, row) === 1,
          columns,
          row,
        },
    );
  };

  const reader = writtenReader((event: GivenEvent) => checkEvent(event, fields, context));
  return {
    fields,
    sources: sourcesOf(context),
    neededColumns: fields.flatMap(({ name, needed }) => (needed && shownName(name) === name ? [name] : [])),
    hasItemsFile: layout.itemKey?.inFile !== undefined,
    timeOf(now) {
      if (places.time === undefined) return undefined;
      const type = types.get(places.time) ?? '';
      if (/^(DATE|TIMESTAMP)/.test(type)) return now.toISOString().slice(0, type === 'DATE' ? 10 : undefined);
      const { perSecond } = scaleAt(now);
      return perSecond === undefined ? undefined : Math.floor((now.getTime() / 1000) * perSecond);
    },
    read: (events, corpusRow) => reader(events, (rows) => readRows(rows, corpusRow)),
    close: () => database.close(),
  };
}

function sourcesOf({ readPlan, places }: EventContext): EventReader['sources'] {
  const { needs, histories, features, listWeights } = readPlan;
  const sourceOf = ({ column: { role, bare } }: ColumnRequest): EventSource | undefined => {
    if (role !== 'events' || bare === undefined) return undefined;
    if (bare === places.item) return { entry: 'item' };
    return bare === places.time ? { entry: 'time' } : { column: bare };
  };
  const sources = new Map<string, EventSource | undefined>();
  for (const plan of needs.features) {
    const request = histories.get(plan.name) ?? (isOfQuery(plan, readPlan) ? features.get(plan.name) : undefined);
    if (request) sources.set(plan.name, sourceOf(request));
    const weights = listWeights.get(plan.name);
    if (weights && histories.has(plan.name)) sources.set(plan.weights!, sourceOf(weights));
  }
  return sources;
}

/** Refuses events without a time, also those that `where` excludes: the log keeps them too, and orders events by their time. */
function refuseWithoutTime({ raw, refuse }: CheckedRows, time: ColumnRequest): void {
  for (const [row, value] of (raw.get(time) as RawNumbers).values.entries())
    if (Number.isNaN(value))
      refuse(row, time.column.name, 'is wrong: there is no time', 'correct the value of the column');
}

/** Returns the plan with these requests alone, because the checks read the values of each. */
function planOfRequests(readPlan: ReadPlan, requests: readonly ColumnRequest[]): ReadPlan {
  const { fold: _, ...plan } = readPlan;
  const onlyComputed = <K>(columns: ReadonlyMap<K, ColumnRequest>): ReadonlyMap<K, ColumnRequest> =>
    new Map([...columns].filter(([, request]) => request.column.role !== 'events' || requests.includes(request)));
  return {
    ...plan,
    features: onlyComputed(plan.features),
    labels: onlyComputed(plan.labels),
    histories: onlyComputed(plan.histories),
    listWeights: onlyComputed(plan.listWeights),
    weights: plan.weights.filter((request) => requests.includes(request)),
  };
}

/** Checks the keys, the time and the columns, and makes the row. */
function checkEvent(
  { user, item, time, columns: values }: GivenEvent,
  fields: readonly WrittenField[],
  { source, places }: EventContext,
): TextRow | Failure {
  for (const [name, key] of [
    ['user', user],
    ['item', item],
  ] as const) {
    const keyError = keyComplaint(key);
    if (keyError) return new Failure([writtenError('event', name, ...keyError)]);
  }
  const placedColumns = Object.entries(places).flatMap(([entry, column]) =>
    column === undefined ? [] : [{ entry, column }],
  );
  for (const name of Object.keys(values)) {
    const keyColumn = placedColumns.find(({ column }) => column.toLowerCase() === name.toLowerCase());
    if (keyColumn === undefined) continue;
    const reason = `is the \`${keyColumn.entry}\` of the event`;
    return new Failure([writtenError('event', name, reason, `give it as \`${keyColumn.entry}\`, beside \`columns\``)]);
  }
  const timeError = timeComplaint(
    time,
    places.time === undefined ? undefined : fields.find(({ name }) => name === places.time),
  );
  if (timeError) return new Failure([writtenError('event', 'time', ...timeError)]);
  const { columns, mistakes } = checkColumns(
    'event',
    values,
    fields,
    placedColumns.map(({ column }) => column),
  );
  if (mistakes.length > 0) return new Failure(mistakes);
  const ownColumns = new Map<string, unknown>([...columns, [places.user, user], [places.item, item]]);
  if (places.time !== undefined) ownColumns.set(places.time, time);
  return textRow(ownColumns, source.files);
}

/** @param field of the column of time; undefined if the time is computed */
function timeComplaint(time: GivenEvent['time'], field: WrittenField | undefined): ReturnType<typeof errorOf> {
  if (field !== undefined) {
    if (time !== undefined) return errorOf(time, field);
    return ['is missing, and the data has no moments from which it could follow', 'give the time of the event'];
  }
  if (time === undefined) return undefined;
  return ['is computed from columns of the event', 'give these columns, and leave `time` out'];
}

/** Encodes what each event adds to histories, and the features of the query tower that come from events alone. */
function encodeEvents(
  context: EventContext,
  itemElements: ReadonlyMap<string, BagColumn>,
  { raw, texts }: CheckedRows,
  corpusRow: (key: string) => number,
): ReadonlyMap<string, IndexedColumn> {
  const { readPlan, encodings, itemKey } = context;
  const rowIds = Int32Array.from((raw.get(itemKey) as RawCodes).values.keys());
  const corpusRowsOf = (request: ColumnRequest): Int32Array => {
    const rowOfText = texts.get(request)!.map(corpusRow);
    const { values } = raw.get(request)!;
    return values instanceof Int32Array ? values.map((code) => rowOfText[code]!) : new Int32Array(0);
  };
  const encoded = encodeRows(
    {
      ...{ readPlan, encodings, itemsOf: corpusRowsOf },
      requestOf: (plan) => (isOfQuery(plan, readPlan) ? readPlan.features.get(plan.name) : undefined),
      valuesOf: (request) => [raw.get(request)!, texts.get(request)],
    },
    rowIds,
  );
  const itemRows = corpusRowsOf(itemKey);
  for (const plan of readPlan.needs.features) {
    const request = readPlan.histories.get(plan.name);
    if (request === undefined) continue;
    const encoding = encodings.get(plan.encoderOf)!;
    if (request.column.role === 'items') {
      encoded.set(plan.name, elementsOfItems(itemElements.get(plan.name)!, plan, encoding, itemRows));
      continue;
    }
    const isItem = !plan.each && request.dictionary === itemKey.dictionary;
    const source: EncoderArguments = [
      ...([plan, encoding, raw.get(request)!, texts.get(request)] as const),
      isItem ? corpusRowsOf(request) : undefined,
    ];
    const weights = readPlan.listWeights.get(plan.name);
    encoded.set(plan.name, { column: elementBags(historyElements(source, weights && raw.get(weights)), rowIds) });
  }
  return encoded;
}

/** Selects the elements of items. An item that the corpus lacks adds none. In a history that runs along another list it adds a missing value, to keep the places equal. */
function elementsOfItems(
  { starts, ends, values, inner, weights, items }: BagColumn,
  plan: FeaturePlan,
  encoding: Encoding,
  itemRows: Int32Array,
): IndexedColumn {
  const isInner = inner !== undefined && plan.along !== undefined && itemRows.includes(-1);
  const noElement = plan.along === undefined ? -1 : inner ? inner.starts.length : missingCode(encoding);
  const ofItems: HistoryElements = {
    elements: itemRows.map((row) => (row < 0 ? noElement : ends[row]! > starts[row]! ? values[starts[row]!]! : -1)),
    inner: isInner ? withEmptyBag(inner) : inner,
    items: items && itemRows.map((row) => items[starts[row]!] ?? -1),
    weights: weights && Float32Array.from(itemRows, (row) => weights[starts[row]!] ?? 0),
  };
  return { column: elementBags(ofItems, Int32Array.from(itemRows.keys())) };
}

const withEmptyBag = (bags: BagColumn): BagColumn => ({
  ...bags,
  starts: Int32Array.from([...bags.starts, 0]),
  ends: Int32Array.from([...bags.ends, 0]),
});
