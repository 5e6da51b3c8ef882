/** Projects vectors of items onto the plane in which they vary most, so that a report can draw which items a model holds alike. */

import { countValues } from '../../base/util/objects.ts';
import type { Corpus, Encoding, IndexedColumn } from '../../data/dataset.ts';
import type { FeaturePlan, Plan } from '../../graph/plan/plan.ts';
import type { Vectors } from '../../retrieval/vectors.ts';
import { rowReader } from '../embedding/table.ts';
import { symmetricEigen } from './baselines/symmetric_eigen.ts';
import { bagAt } from './ranking_questions.ts';

export interface ItemMap {
  /** The column whose values are the groups. Absent if no feature has few enough values: groups are then by training events. */
  readonly column?: string;
  readonly groups: readonly string[];
  /** Share of the variance of the vectors that lies along the two axes. */
  readonly share: number;
  readonly points: readonly ItemPoint[];
}

interface ItemPoint {
  readonly title: string;
  readonly x: number;
  readonly y: number;
  /** Index of a group; −1 if the item has none of these values. */
  readonly group: number;
}

/** Maximum number of items, those with the most training events, which a reader knows best. */
const maxItems = 1000;
/** Maximum width of vectors: the time of the projection grows with its third power. */
const maxWidth = 512;
const maxGroups = 6;

/** Returns undefined if the vectors are too wide, or there are too few items. */
export function itemMapOf(
  vectors: Vectors,
  corpus: Corpus,
  plan: Plan,
  encodings: ReadonlyMap<string, Encoding>,
): ItemMap | undefined {
  const { width } = vectors;
  if (vectors.interests !== undefined || width > maxWidth || width < 2 || corpus.rows < 3) return undefined;
  const rows = Array.from({ length: corpus.rows }, (_, row) => row)
    .sort((a, b) => corpus.trainingCounts[b]! - corpus.trainingCounts[a]! || a - b)
    .slice(0, maxItems);
  const vectorOf = rowReader(vectors.data, width);
  const { points, share } = projectOntoPlane(rows.map((row) => toUnitLength(vectorOf(row))));
  const { column, names, groupOfRow } = chooseGroups(rows, corpus, plan, encodings) ?? groupByEvents(rows, corpus);
  const titleOf = (row: number): string => corpus.titles?.at(row) ?? corpus.keys.at(row)!;
  const itemPoints = rows.map((row, i) => ({ title: titleOf(row), ...points[i]!, group: groupOfRow[i]! }));
  return { column, groups: names, share, points: itemPoints };
}

function toUnitLength(vector: ArrayLike<number>): Float64Array {
  const numbers = Float64Array.from(vector);
  const length = Math.hypot(...numbers);
  return length === 0 ? numbers : numbers.map((number) => number / length);
}

/** Principal components: the places of vectors along the two eigenvectors of their covariance with the largest eigenvalues. */
function projectOntoPlane(vectors: readonly Float64Array[]): { points: { x: number; y: number }[]; share: number } {
  const width = vectors[0]!.length;
  const mean = new Float64Array(width);
  for (const vector of vectors) for (let a = 0; a < width; a++) mean[a]! += vector[a]! / vectors.length;
  const centred = vectors.map((vector) => vector.map((number, a) => number - mean[a]!));
  const covariance = new Float64Array(width * width);
  for (const vector of centred) {
    for (let a = 0; a < width; a++) {
      for (let b = 0; b <= a; b++) covariance[a * width + b]! += (vector[a]! * vector[b]!) / vectors.length;
    }
  }
  const { values, vectors: columns } = symmetricEigen(covariance, width);
  const order = Array.from(values.keys()).sort((a, b) => values[b]! - values[a]!);
  const axes = order.slice(0, 2).map((k) => {
    const axis = Float64Array.from({ length: width }, (_, a) => columns[a * width + k]!);
    // An eigenvector has no sign of its own.
    const sign = Math.sign(axis.reduce((max, value) => (Math.abs(value) > Math.abs(max) ? value : max), 0)) || 1;
    return axis.map((number) => sign * number);
  });
  const coordinateAlong = (vector: Float64Array, axis: Float64Array): number =>
    Number(vector.reduce((sum, number, a) => sum + number * axis[a]!, 0).toFixed(4));
  const total = values.reduce((sum, value) => sum + Math.max(0, value), 0);
  return {
    points: centred.map((vector) => ({ x: coordinateAlong(vector, axes[0]!), y: coordinateAlong(vector, axes[1]!) })),
    share: total > 0 ? (values[order[0]!]! + values[order[1]!]!) / total : 0,
  };
}

interface ItemGroups {
  readonly column?: string;
  readonly names: readonly string[];
  /** The group of each row, or −1. */
  readonly groupOfRow: readonly number[];
}

/** Thirds of the items, which are in descending order of training events. */
function groupByEvents(rows: readonly number[], { trainingCounts }: Corpus): ItemGroups {
  const third = Math.ceil(rows.length / 3);
  const names = [0, 1, 2].flatMap((part) => {
    const counts = rows.slice(part * third, (part + 1) * third).map((row) => trainingCounts[row]!);
    return counts.length === 0 ? [] : [`${counts[0]!.toLocaleString('en')} to ${counts.at(-1)!.toLocaleString('en')}`];
  });
  return { names, groupOfRow: rows.map((_, i) => Math.floor(i / third)) };
}

/** Groups by the feature whose most frequent values cover the most items, but by none that has another value for most items. */
function chooseGroups(
  rows: readonly number[],
  corpus: Corpus,
  { towers, features }: Plan,
  encodings: ReadonlyMap<string, Encoding>,
): ItemGroups | undefined {
  const groupings = towers[1].features.flatMap((name): ItemGroups[] => {
    const feature = features.find((otherFeature) => otherFeature.name === name);
    const column = corpus.features.get(name);
    const encoding = feature && encodings.get(feature.encoderOf);
    if (!feature || !column || encoding?.kind !== 'vocabulary' || encoding.values.length > rows.length / 2) return [];
    return [groupByFeature(feature, rows, column, (code) => encoding.values.at(code - 1)!)];
  });
  const countItems = ({ groupOfRow }: ItemGroups): number => groupOfRow.filter((group) => group >= 0).length;
  return groupings.filter((groups) => countItems(groups) > 0).toSorted((a, b) => countItems(b) - countItems(a))[0];
}

function groupByFeature(
  { column }: FeaturePlan,
  rows: readonly number[],
  { column: values, index }: IndexedColumn,
  nameOf: (code: number) => string,
): ItemGroups {
  const codesByItem = rows.map((row): number[] => {
    const indexedRow = index ? index[row]! : row;
    if (values.kind === 'codes') return [values.values[indexedRow]!];
    return values.kind === 'bags' ? [...bagAt(values, indexedRow)] : [];
  });
  // Code 0 is an unknown value.
  const counts = countValues(codesByItem.flat().filter((code) => code > 0));
  const frequent = [...counts].sort(([a, countA], [b, countB]) => countB - countA || a - b).slice(0, maxGroups);
  const groupOf = new Map(frequent.map(([code], group) => [code, group]));
  return {
    column,
    names: frequent.map(([code]) => nameOf(code)),
    // If an item has several of these values, its group is that of the rarest.
    groupOfRow: codesByItem.map((codes) => codes.reduce((last, code) => Math.max(last, groupOf.get(code) ?? -1), -1)),
  };
}
