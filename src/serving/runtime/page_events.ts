/**
 * Makes the values of a user from events that the caller keeps: in a cookie, a store of the edge, or a database. Histories have the items of the events, or
 * columns of the events along them; other features that come from events have the value of the last one. Training and the server make them by the same rules.
 */
import { failure } from '../../base/diagnostics/diagnostic.ts';
import { isObject } from '../../base/util/objects.ts';
import type { EventSource } from '../../data/written/fields.ts';
import type { FeatureValues } from '../../retrieval/query_columns.ts';
import type { PublicServable } from '../../retrieval/servable.ts';
import { unknownFacts } from '../../retrieval/top_request.ts';

/** The event of a user, as `POST /v1/events` takes it. */
export interface PageEvent {
  readonly item: string | number;
  /** Seconds or milliseconds since 1970, or an ISO text: of all events of a user in the same form. Absent: the events are in their order. */
  readonly time?: string | number;
  /** Values of columns of the events files. A missing one counts as a missing value. */
  readonly columns?: Readonly<Record<string, unknown>>;
}

/** True for the key of an item, as requests and events give it. */
export const isKey = (value: unknown): boolean => typeof value === 'string' || Number.isSafeInteger(value);

/** Maximum number of events. The features need far fewer, and all are seen. */
const maxEvents = 100_000;

const eventsFailure = (reason: string, advice: string): Error =>
  failure('request-value', { entry: 'events', reason, advice });

/** @throws Failure `request-value` */
function inOrder(events: unknown): readonly PageEvent[] {
  if (!Array.isArray(events)) throw eventsFailure('is not a list', 'give a list of events');
  if (events.length > maxEvents) throw eventsFailure(`has ${events.length} events`, `give the last ${maxEvents}`);
  const kinds = new Set<string>();
  for (const event of events as readonly unknown[]) {
    if (!isObject(event) || !isKey(event.item))
      throw eventsFailure('has an event without the key of an item', "write each event as `{ item: '318' }`");
    const { time, columns } = event;
    if (columns !== undefined && !isObject(columns))
      throw eventsFailure('has an event whose columns are no object', 'write `columns: { rating: 4 }`');
    const isTime = time === undefined || typeof time === 'string' || Number.isFinite(time);
    if (!isTime)
      throw eventsFailure('has a time that is neither a number nor a text', 'give seconds since 1970 or an ISO text');
    kinds.add(typeof time);
  }
  if (kinds.size > 1)
    throw eventsFailure('has times of different forms', 'give the time of all events in one form, or of none');
  if (kinds.has('undefined')) return events;
  const numberOf = ({ time }: PageEvent): number => (typeof time === 'string' ? Date.parse(time) : time!);
  if (events.some((event) => Number.isNaN(numberOf(event))))
    throw eventsFailure('has a text that is no time', 'write times as `2026-11-30T10:15:00Z`');
  return (events as readonly PageEvent[]).toSorted((a, b) => numberOf(a) - numberOf(b));
}

export interface ValuesOfUser {
  readonly values: FeatureValues;
  /** The keys of all items, each once. */
  readonly items: readonly string[];
}

/** @throws Failure `request-value`, `unknown-name` */
export function valuesOfEvents(
  given: unknown,
  { events, plan, histories }: Pick<PublicServable, 'events' | 'plan' | 'histories'>,
): ValuesOfUser {
  if ('closed' in events)
    throw eventsFailure(`cannot be given: ${events.closed}`, 'give `values` of the features in the request');
  const { sources, columns: known } = events;
  const orderedEvents = inOrder(given);
  for (const name of new Set(orderedEvents.flatMap(({ columns = {} }) => Object.keys(columns)))) {
    if (!known.includes(name)) throw failure('unknown-name', unknownFacts('column of the events', name, known));
  }
  const valueIn = (event: PageEvent, source: EventSource): unknown => {
    const value = 'column' in source ? event.columns?.[source.column] : event[source.entry];
    return value ?? null;
  };
  const values: Record<string, unknown> = {};
  for (const { name, along = name, weights } of plan.features) {
    const source = sources[name];
    if (source === undefined) continue;
    if (!histories.has(name)) {
      const lastEvent = orderedEvents.at(-1);
      if (lastEvent) values[name] = valueIn(lastEvent, source);
      continue;
    }
    const listSource = sources[along];
    const elements = listSource ? orderedEvents.filter((event) => valueIn(event, listSource) !== null) : orderedEvents;
    values[name] = elements.map((event) => valueIn(event, source));
    const weightSource = weights === undefined ? undefined : sources[weights];
    if (weightSource) values[weights!] = elements.map((event) => valueIn(event, weightSource) ?? 0);
  }
  return { values, items: [...new Set(orderedEvents.map(({ item }) => String(item)))] };
}
