/** The scores that `retrieve` adds up: which columns of the vectors each has, and what it adds to the score of an item. */
import { failure } from '../../base/diagnostics/failure.ts';
import { scoreOf } from '../../engines/scan/score.ts';

/** A score that `retrieve` declares: `factor` · the inner product of columns `from` to `to`. The query vector already has the factor. */
export interface RetrievalObjective {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly factor: number;
}

/** The part of a score that each objective adds. */
export type ScoreShares = Readonly<Record<string, number>>;

/**
 * The inner product of a query and an item, block by block. Blocks cover the vectors, so the shares add up to the score, but for the rounding of
 * float64. Of several interests, those of the one that gives the item its score.
 * @param vectors already weighed
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
  return vectors[scores.indexOf(Math.max(...scores))]!;
}

/** @throws Failure `request-value` */
export function refuseWithoutObjectives(objectives: readonly RetrievalObjective[]): void {
  if (objectives.length > 0) return;
  const reason = 'is given, and the run does not say which numbers of a vector belong to which task';
  throw failure('request-value', { entry: 'shares', reason, advice: 'remove `shares`' });
}
