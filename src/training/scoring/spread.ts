/** Measures how vectors lie in their space: their lengths, how alike two of them are, and over how many directions they spread. */
import { makeRandom } from '../../base/random/random.ts';
import { rowReader } from '../embedding/table.ts';
import type { Tables } from '../embedding/tables.ts';
import type { Vectors } from './tower_vectors.ts';

export interface Spread {
  /** `table movie_id`, `items, after tower item`. */
  readonly name: string;
  readonly rows: number;
  readonly width: number;
  /** Quantiles of the lengths: the least, a tenth, the half, nine tenths, the greatest. */
  readonly lengths: readonly [number, number, number, number, number];
  /** Mean cosine of two different vectors: 0 where they point everywhere, 1 where all are the same. Absent of fewer than two. */
  readonly cosine?: number;
  /** (Σλ)² ÷ Σλ² over the eigenvalues of the covariance: `width` where all directions vary alike, 1 where one does. Absent of fewer than two. */
  readonly directions?: number;
}

type NumberVector = ArrayLike<number>;

/** Vectors that are measured: a covariance of more says the same. */
const maxSpreadRows = 2048;
/** Sets these draws apart from all others. */
const spreadStream = 0x5b1d;

/** Measures each table as look-ups read it, and the vectors of the corpus by the item tower. */
export function spreadsOf(tables: Tables, items: Vectors): readonly Spread[] {
  const spreadTables = [...tables.values()].filter(({ rows, dim }) => rows > 0 && dim > 0);
  return [
    ...spreadTables.map((table) =>
      spreadOf(`table ${table.name}`, rowReader(table.shownNumbers(), table.dim), table.rows, table.dim),
    ),
    spreadOf('item vectors', rowReader(items.data, items.width), items.rows, items.width),
  ];
}

export function spreadOf(name: string, rowOf: (row: number) => NumberVector, rows: number, width: number): Spread {
  const vectors = drawRows(rows).map(rowOf);
  const lengths = vectors.map((vector) => Math.hypot(...Array.from(vector)));
  const sorted = lengths.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (vectors.length - 1))] ?? 0;
  const lengthsSpread = { name, rows, width, lengths: [at(0), at(0.1), at(0.5), at(0.9), at(1)] as const };
  return vectors.length < 2 ? lengthsSpread : { ...lengthsSpread, ...directionsOf(vectors, lengths, width) };
}

/** All rows, or `maxSpreadRows` different ones. */
function drawRows(rows: number): number[] {
  if (rows <= maxSpreadRows) return Array.from({ length: rows }, (_, row) => row);
  const random = makeRandom(1, spreadStream);
  const chosenRows = new Set<number>();
  while (chosenRows.size < maxSpreadRows) chosenRows.add(random.integer(rows));
  return [...chosenRows];
}

function directionsOf(
  vectors: readonly NumberVector[],
  lengths: readonly number[],
  width: number,
): Pick<Spread, 'cosine' | 'directions'> {
  const count = vectors.length;
  const mean = new Float64Array(width);
  const units = new Float64Array(width);
  const products = new Float64Array(width * width);
  let nonZero = 0;
  vectors.forEach((vector, i) => {
    if (lengths[i]! > 0) nonZero++;
    for (let a = 0; a < width; a++) {
      mean[a]! += vector[a]! / count;
      if (lengths[i]! > 0) units[a]! += vector[a]! / lengths[i]!;
      for (let b = 0; b <= a; b++) products[a * width + b]! += (vector[a]! * vector[b]!) / count;
    }
  });
  let trace = 0;
  let squares = 0;
  for (let a = 0; a < width; a++) {
    for (let b = 0; b <= a; b++) {
      const covariance = products[a * width + b]! - mean[a]! * mean[b]!;
      if (a === b) trace += covariance;
      squares += (a === b ? 1 : 2) * covariance ** 2;
    }
  }
  // |Σu|² counts each unit vector with itself once.
  const squaredSum = units.reduce((sum, value) => sum + value ** 2, 0);
  return {
    ...(nonZero > 1 ? { cosine: (squaredSum - nonZero) / (nonZero * (nonZero - 1)) } : {}),
    ...(squares > 0 ? { directions: trace ** 2 / squares } : {}),
  };
}
