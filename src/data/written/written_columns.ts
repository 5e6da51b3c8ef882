/** Features of items that are given one by one, encoded as those of the corpus are. */
import { invariant } from '../../diagnostics/failure.ts';
import { type FeaturePlan, madeOf } from '../../plan/plan.ts';
import type { ColumnRequest, ColumnRequests } from '../binding/column_requests.ts';
import type { Needs } from '../binding/needs.ts';
import { makeAlongEncoder, makeColumnEncoder, type ToEncode } from '../columns/encode.ts';
import type { Encoding, IndexedColumn } from '../dataset.ts';
import type { RawColumn } from '../rows/raw.ts';
import type { ComputedItems } from './written_rows.ts';

interface Encoders {
  readonly requests: ColumnRequests;
  readonly needs: Needs;
  readonly encodings: ReadonlyMap<string, Encoding>;
}

/** By feature of the item tower that the items file gives: a row an item. */
export function encodeWritten({ raw, texts, ...of }: ComputedItems & Encoders): ReadonlyMap<string, IndexedColumn> {
  const rows = raw.get(of.requests.itemKey!.inFile!)!;
  invariant(rows.kind === 'codes', 'a key is a text');
  const ids = Int32Array.from(rows.values.keys());
  return encodeAll(of, 'items', ids, (request) => [raw.get(request)!, texts.get(request)]);
}

/** By feature of the item tower that events give: one row, of an item that no event has. */
export const missingColumns = (of: Encoders): ReadonlyMap<string, IndexedColumn> =>
  encodeAll(of, 'events', Int32Array.of(-1), (request) => [noRows(request), undefined]);

function encodeAll(
  { requests, needs, encodings }: Encoders,
  at: 'items' | 'events',
  ids: Int32Array,
  valuesOf: (request: ColumnRequest) => readonly [RawColumn, readonly string[] | undefined],
): ReadonlyMap<string, IndexedColumn> {
  const [, tower] = needs.towers;
  const requestOf = (name: string): ColumnRequest | undefined =>
    // The key is that of the file, also where events have it.
    name === tower.key ? requests.itemKey!.inFile! : requests.features.get(name);
  const toEncode = (plan: FeaturePlan): ToEncode => [
    plan,
    encodings.get(plan.encoderOf)!,
    ...valuesOf(requestOf(plan.name)!),
  ];
  const encoded = new Map<string, IndexedColumn>();
  for (const plan of needs.features) {
    const request = requestOf(plan.name);
    const isOurs = plan.name === tower.key || tower.features?.includes(plan.name) !== false;
    if (!isOurs || madeOf(plan).length > 0 || request?.column.at !== at) continue;
    const list = needs.features.find(({ name }) => name === plan.along);
    const [own, encoding, raw, dictionary] = toEncode(plan);
    const weights = requests.listWeights.get(plan.name);
    const encoder = list
      ? makeAlongEncoder(toEncode(plan), toEncode(list))
      : makeColumnEncoder(own, encoding, raw, dictionary, undefined, weights && valuesOf(weights)[0]);
    encoded.set(plan.name, encoder.encode(ids));
  }
  return encoded;
}

function noRows({ form, width = 1 }: ColumnRequest): RawColumn {
  const none = new Int32Array(0);
  if (form === 'code') return { kind: 'codes', values: none };
  if (form === 'codes') return { kind: 'bags', starts: none, ends: none, values: none, bad: [] };
  if (form === 'numbers') return { kind: 'bags', starts: none, ends: none, values: new Float64Array(0), bad: [] };
  return { kind: 'numbers', width, values: new Float64Array(0), bad: [] };
}
