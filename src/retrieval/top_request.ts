/** Turns a request for the best items into a search request: validated, weighted vectors and the allowed rows. */

import type { Facts } from '../base/diagnostics/codes.ts';
import { diagnose, Failure, factsOf, failure } from '../base/diagnostics/diagnostic.ts';
import type { KeyTable } from '../base/text/key_table.ts';
import { findNearest } from '../base/text/nearest.ts';
import type { Filters } from './filter/filter.ts';
import type { SearchRequest } from './scan/approximate.ts';
import { Bits } from './scan/bits.ts';
import { scoreOf } from './scan/scan.ts';
import type { RetrievalObjective } from './vectors.ts';

/** Entries of a request that choose or order items after the scan. `rerank.ts` has a table of them. */
export interface RerankEntries {
  /** How many of the best items are left out, because earlier pages have shown them. Default: 0. */
  readonly offset?: number;
  /** Number of the best items that `diversity` and `most` choose from. Default: four times `k`, from 200 to 1000, and at least `k`. */
  readonly candidates?: number;
  /** From 0, the order of scores, to 1, where each item is as unlike the ones before it as possible. */
  readonly diversity?: number;
  /** By column of the items: how many items with the same value a list has at most. */
  readonly most?: Readonly<Record<string, number>>;
  /** Weights that are added to the scores of items that meet a condition. */
  readonly boost?: readonly WeightedFilter[];
  /** Weights that are subtracted. */
  readonly bury?: readonly WeightedFilter[];
  readonly exploration?: Exploration;
  /** How many past items each item of the answer names: those that add the most to its score. */
  readonly because?: number;
}

/** Fills a share of the places of a list with items that are drawn at random. */
interface Exploration {
  /** Probability, from 0 to 1, with which the item of a place is drawn. */
  readonly share: number;
  /** Selects the items to draw from, such as new ones. Default: all that the request allows. */
  readonly filter?: string;
  /** The same seed draws the same items. Default: a random one. The answer has it. */
  readonly seed?: number;
}

export interface WeightedFilter {
  readonly filter: string;
  readonly weight: number;
}

export interface TopRequest extends RerankEntries {
  /** The query vector, or one for each interest. The score of an item is the highest over the vectors. */
  readonly vectors: readonly ArrayLike<number>[];
  /** A whole number from 0. */
  readonly k: number;
  readonly filter?: string;
  readonly conditions?: readonly ItemCondition[];
  /** From 0 to below 1: asks for one item instead of the best. It has this place among the allowed items, which are in the order of their rows. */
  readonly draw?: number;
  /** Unknown keys exclude nothing. The answer lists them. */
  readonly exclude?: readonly string[];
  /** Item rows to exclude. Repeated rows and −1 are allowed. */
  readonly excludeRows?: Iterable<number>;
  /** Default: all rows. */
  readonly within?: Bits;
  /** The key of a user whose seen items are excluded. */
  readonly seenBy?: string;
  /** Weights by objective, which replace the factors of `retrieve`. Objectives that are not named keep their factors; 0 removes one. */
  readonly weights?: Readonly<Record<string, number>>;
  readonly shares?: boolean;
  /** Computes the vectors of the query without each of its past items. Absent: the vectors come from elsewhere. */
  leaveOut?(): Promise<readonly LeftOutVectors[]>;
}

export interface LeftOutVectors {
  /** The row of the past item. */
  readonly row: number;
  readonly vectors: readonly ArrayLike<number>[];
}

/** Selects the items for which a filter is true. `holds: false` selects the rest, including items with a missing value. */
export interface ItemCondition {
  readonly filter: string;
  readonly holds: boolean;
  /** The entry of the request that has the filter, for errors. */
  readonly entry: string;
}

/** Bounds of the absolute value of a weight other than 0, so that no product overflows float64. */
const minWeight = 1e-30;
export const maxWeight = 1e30;

export interface SearchContext {
  readonly rows: number;
  readonly width: number;
  readonly keys: Pick<KeyTable, 'rowOf'>;
  readonly userKeys: Pick<KeyTable, 'rowOf'>;
  readonly filters: Filters;
  readonly objectives: readonly RetrievalObjective[];
  seenBy(user: number): number[];
}

/** @throws Failure `request-value`, `unknown-name`, `filter-syntax`, `filter-type` */
export function prepareTop(
  request: TopRequest,
  context: SearchContext,
): { readonly searchRequest: SearchRequest; readonly unknown: readonly string[] } {
  const { k } = request;
  if (!Number.isSafeInteger(k) || k < 0) throw requestFailure('k', `is ${k}`, 'give a whole number from 0');
  if (request.shares) refuseWithoutObjectives(context.objectives);
  const vectors = weighedVectors(request, context);
  const { allowed, unknown } = allowedBy(request, context);
  // The approximate index was only tested on unweighted queries, so weighted ones are scanned exactly.
  const exactly = request.weights !== undefined && Object.keys(request.weights).length > 0;
  const isFiltered = request.filter !== undefined;
  return { searchRequest: { vectors, k, isFiltered, allowed, ...(exactly && { exactly }) }, unknown };
}

/** Validates query vectors, and multiplies them by the weights. @throws Failure `request-value`, `unknown-name` */
export function weighedVectors(
  { vectors, weights }: Pick<TopRequest, 'vectors' | 'weights'>,
  context: Pick<SearchContext, 'width' | 'objectives'>,
): Float64Array[] {
  if (vectors.length === 0) throw requestFailure('vectors', 'has no vector', 'give one, or one for each interest');
  const factors = factorsOf(weights, context);
  return vectors.map((vector) => {
    if (vector.length !== context.width) {
      throw requestFailure('vectors', `has ${vector.length} numbers in a vector`, `give ${context.width} numbers`);
    }
    // A loop, because a function call for each number would take as long as all other steps of the answer.
    const numbers = new Float64Array(context.width);
    for (let i = 0; i < numbers.length; i++) {
      const number = Math.fround(vector[i]!);
      if (!Number.isFinite(number)) {
        throw requestFailure('vectors', `has the number ${vector[i]}`, 'give finite float32 numbers');
      }
      numbers[i] = factors ? number * factors[i]! : number;
    }
    return numbers;
  });
}

function allowedBy(
  request: TopRequest,
  context: SearchContext,
): { readonly allowed?: Bits; readonly unknown: readonly string[] } {
  const { within, filter, conditions = [], exclude = [] } = request;
  const filteredItems = filter === undefined ? undefined : context.filters.itemsOf(filter);
  let allowedItems = within && filteredItems ? filteredItems.and(within) : (filteredItems ?? within);
  for (const { filter: condition, holds, entry } of conditions) {
    const itemsTrue = inEntry(entry, () => context.filters.itemsOf(condition));
    const items = holds ? itemsTrue : itemsTrue.not();
    allowedItems = allowedItems ? items.and(allowedItems) : items;
  }
  const unknownKeys = exclude.filter((key) => context.keys.rowOf(key) < 0);
  const rowsToExclude = excludedRows(request, context);
  if (rowsToExclude.length === 0) return { allowed: allowedItems, unknown: unknownKeys };
  const allowed = allowedItems?.copy() ?? Bits.all(context.rows);
  for (const row of rowsToExclude) allowed.delete(row);
  return { allowed, unknown: unknownKeys };
}

/** Runs `work`, and adds to its errors the entry of the request that they are about. */
function inEntry<T>(entry: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const diagnostics = error.diagnostics.map((diagnostic) => {
      const facts = factsOf(diagnostic) as Facts<'filter-type'>;
      return diagnose(diagnostic.code as 'filter-type', diagnostic.at, { ...facts, entry });
    });
    throw new Failure(diagnostics);
  }
}

/** Returns the rows that `exclude`, `excludeRows` and `seenBy` exclude. @throws Failure `unknown-name` */
export function excludedRows(
  { exclude = [], excludeRows = [], seenBy }: TopRequest,
  { keys, userKeys, seenBy: seenOf }: Pick<SearchContext, 'keys' | 'userKeys' | 'seenBy'>,
): number[] {
  const seenRows = seenBy === undefined ? [] : seenOf(userRowOf(seenBy, userKeys.rowOf));
  return [...exclude.map((key) => keys.rowOf(key)), ...excludeRows, ...seenRows].filter((row) => row >= 0);
}

/** Returns the row of a user. @throws Failure `unknown-name` */
export function userRowOf(key: string, rowOf: (key: string) => number): number {
  const row = rowOf(key);
  if (row >= 0) return row;
  throw failure('unknown-name', { what: 'user', name: key, advice: 'give the key of a user of the data' });
}

/** Returns the factor of each column of a query vector; undefined if nothing changes. */
function factorsOf(
  weights: Readonly<Record<string, number>> | undefined,
  { width, objectives }: Pick<SearchContext, 'width' | 'objectives'>,
): Float64Array | undefined {
  if (weights === undefined || Object.keys(weights).length === 0) return undefined;
  const knownObjectives = objectives.map(({ name }) => name);
  const factors = new Float64Array(width).fill(1);
  for (const [name, weight] of Object.entries(weights)) {
    if (!knownObjectives.includes(name))
      throw failure('unknown-name', unknownFacts('objective', name, knownObjectives));
    const size = Math.abs(weight);
    if (!(weight === 0 || (size >= minWeight && size <= maxWeight))) {
      const advice = `give 0, or a number from ${minWeight} to ${maxWeight}`;
      throw requestFailure(`weights.${name}`, `is ${weight}`, advice);
    }
    for (const objective of objectives) {
      if (objective.name === name) factors.fill(weight / objective.factor, objective.from, objective.to);
    }
  }
  return factors;
}

/** Returns the facts of the error `unknown-name`. */
export const unknownFacts = (what: string, name: string, knownNames: readonly string[]) => ({
  what,
  name,
  known: knownNames,
  nearest: findNearest(name, knownNames),
});

export const requestFailure = (entry: string, reason: string, advice: string): Failure =>
  failure('request-value', { entry, reason, advice });

export type ScoreShares = Readonly<Record<string, number>>;

/**
 * Splits the score of an item into the inner products of the blocks. They add up to the score, except for the rounding of float64. With several interests the
 * one with the highest score counts. @param vectors with the weights applied
 */
export function sharesOf(
  vectors: readonly Float64Array[],
  item: Float32Array,
  objectives: readonly RetrievalObjective[],
): ScoreShares {
  const query = vectors.length === 1 ? vectors[0]! : bestOf(vectors, item);
  return Object.fromEntries(
    objectives.map(({ name, from, to }) => [name, scoreOf(query.subarray(from, to), item, from)]),
  );
}

function bestOf(vectors: readonly Float64Array[], item: Float32Array): Float64Array {
  const scores = vectors.map((vector) => scoreOf(vector, item, 0));
  return vectors[scores.indexOf(scores.reduce((largest, score) => Math.max(largest, score)))]!;
}

/** @throws Failure `request-value` */
function refuseWithoutObjectives(objectives: readonly RetrievalObjective[]): void {
  if (objectives.length > 0) return;
  const reason = 'is given, and the run does not say which numbers of a vector belong to which task';
  throw failure('request-value', { entry: 'shares', reason, advice: 'remove `shares`' });
}

/** The answer to a request for the best items. */
export interface TopAnswer {
  readonly version: string;
  /** Best first. Of items with the same score, the one with the lower row is first. */
  readonly items: readonly TopItem[];
  /** Number of items that remain after the filter, the exclusions and the seen items. */
  readonly candidates: number;
  /** Keys of `exclude` that are unknown. */
  readonly unknown: readonly string[];
  /** False if the search is approximate. Absent if no other item has a higher score. */
  readonly exact?: false;
  /** The seed of the exploration. */
  readonly seed?: number;
}

export interface TopItem extends Item {
  readonly row: number;
  /** The inner product in float64; with several vectors the largest. */
  readonly score: number;
  /** The sum of the weights of `boost` and `bury` in the score, if it is not 0. */
  readonly boost?: number;
  /** With exploration: the probability with which the item got its place, given the items before it. */
  readonly probability?: number;
  /** With `because`: past items, those that add the most first. */
  readonly because?: readonly PastItem[];
  /** The shares of tasks in the score, which add up to it. */
  readonly shares?: ScoreShares;
}

interface PastItem extends Item {
  /** How much higher the score is with the past item than without it. */
  readonly score: number;
}

/** The answer to a query, as callers see it. */
export interface Recommendation {
  readonly key?: string;
  readonly notes: readonly string[];
  readonly items: readonly Omit<TopItem, 'row'>[];
  /** Items of the user's events, the latest first. */
  readonly history: readonly Item[];
  /** Absent if it is proved that no other item has a higher score. */
  readonly exact?: false;
  /** The seed of the exploration. */
  readonly seed?: number;
}

export interface Item {
  readonly key: string;
  readonly title?: string;
}

/** Returns the item of a row, as answers have it. */
export const itemAt = (
  row: number,
  { keyAt, titleAt }: { keyAt(row: number): string; titleAt(row: number): string | undefined },
): Item => {
  const title = titleAt(row);
  return title === undefined ? { key: keyAt(row) } : { key: keyAt(row), title };
};

/** Finds the best items in another system, such as a database. It may miss some items, so its answers are not exact. */
export interface SearchIndex {
  /** The address without the password. */
  readonly address: string;
  /**
   * Returns the answers that a snapshot would give, with `exact: false`. A failed request gets a Failure instead: the request is wrong, or the index
   * does not respond.
   */
  top(requests: readonly TopRequest[]): Promise<(TopAnswer | Failure)[]>;
  close(): Promise<void>;
}
