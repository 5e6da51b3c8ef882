/** Requests of a page's program, checked as the server checks bodies: the same codes, and the same words. */
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import { Failure, failure } from '../../base/diagnostics/failure.ts';
import { nearest } from '../../base/text/nearest.ts';
import { isObject } from '../../base/util/is_object.ts';
import type { RecommendBody, Selection, SimilarBody } from '../server/schemas.ts';

export type PageRecommendRequest = Omit<RecommendBody, 'user' | 'history'>;
export type SimilarRequest = SimilarBody;

interface RequestEntry {
  readonly holds: (value: unknown) => boolean;
  readonly wanted: string;
}

const isKey = (value: unknown): boolean => typeof value === 'string' || Number.isSafeInteger(value);
const all =
  (holds: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    Array.isArray(value) && value.every(holds);

const selection: Readonly<Record<keyof Selection, RequestEntry>> = {
  k: { holds: (value) => Number.isSafeInteger(value) && (value as number) >= 1, wanted: 'a whole number from 1' },
  filter: { holds: (value) => typeof value === 'string', wanted: 'a text' },
  exclude: { holds: all(isKey), wanted: 'a list of keys' },
  columns: { holds: all((value) => typeof value === 'string'), wanted: 'a list of names' },
};

const recommend: Readonly<Record<keyof PageRecommendRequest, RequestEntry>> = {
  values: { holds: isObject, wanted: 'an object with values of features' },
  vector: { holds: all((value) => typeof value === 'number'), wanted: 'a list of numbers' },
  removeSeen: { holds: (value) => typeof value === 'boolean', wanted: '`true` or `false`' },
  shares: { holds: (value) => typeof value === 'boolean', wanted: '`true` or `false`' },
  weights: {
    holds: (value) => isObject(value) && Object.values(value).every((each) => typeof each === 'number'),
    wanted: 'an object with a number for each task',
  },
  ...selection,
};

const similar: Readonly<Record<keyof SimilarRequest, RequestEntry>> = {
  item: { holds: isKey, wanted: 'the key of an item' },
  ...selection,
};

/** @throws Failure `request-value`, `unknown-name` */
export function checkRecommend(request: unknown): PageRecommendRequest {
  const checkedRequest = check(request, recommend);
  if (checkedRequest.values === undefined && checkedRequest.vector === undefined) {
    throw failure('request-value', { entry: 'values', reason: 'is missing', advice: 'give `values` or `vector`' });
  }
  return checkedRequest;
}

/** @throws Failure `request-value`, `unknown-name` */
export function checkSimilar(request: unknown): SimilarRequest {
  const checked = check(request, similar) as unknown as SimilarRequest;
  if (checked.item !== undefined) return checked;
  throw failure('request-value', { entry: 'item', reason: 'is missing', advice: 'give the key of an item' });
}

/** Entries that are undefined count as absent. */
function check(request: unknown, entries: Readonly<Record<string, RequestEntry>>): Readonly<Record<string, unknown>> {
  if (!isObject(request)) {
    throw failure('request-body', { reason: 'is not an object', advice: 'give an object' });
  }
  const givenEntries = Object.entries(request).filter(([, value]) => value !== undefined);
  const knownEntries = Object.keys(entries);
  for (const [name, value] of givenEntries) {
    if (!knownEntries.includes(name)) {
      const facts = { what: 'entry of a request', name, nearest: nearest(name, knownEntries), known: knownEntries };
      throw new Failure([diagnose('unknown-name', undefined, facts)]);
    }
    const { holds, wanted } = entries[name]!;
    if (!holds(value))
      throw failure('request-value', { entry: name, reason: `is not ${wanted}`, advice: `give ${wanted}` });
  }
  return Object.fromEntries(givenEntries);
}
