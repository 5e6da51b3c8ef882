/** Sums of a task's label over some events, from which its means follow. */
import type { Events, IndexedColumn, LabelSums } from './dataset.ts';

export interface LabelTask {
  readonly label?: string;
  /** Restricts sums to events where this label is 1. */
  readonly only?: string;
  /** A label, or a feature of one plain number. */
  readonly weight?: string;
}

export function labelSums({ label, only, weight }: LabelTask, events: Events): LabelSums {
  const weighted = { sum: 0, total: 0 };
  const plain = { sum: 0, total: 0 };
  if (label === undefined) return { weighted, plain };
  const values = events.labels.get(label)!;
  const weights = weight === undefined ? undefined : (events.labels.get(weight) ?? numbersOf(events, weight));
  const isIncluded = only === undefined ? undefined : events.labels.get(only)!;
  for (let row = 0; row < events.rows; row++) {
    const value = values[row]!;
    if (Number.isNaN(value)) continue;
    if (isIncluded === undefined || isIncluded[row] === 1) {
      plain.sum += value;
      plain.total++;
    }
    const eventWeight = (weights?.[row] ?? 1) * (isIncluded?.[row] ?? 1);
    if (Number.isNaN(eventWeight)) continue;
    weighted.sum += eventWeight * value;
    weighted.total += eventWeight;
  }
  return { weighted, plain };
}

export const addSums = (a: LabelSums, b: LabelSums): LabelSums => ({
  weighted: { sum: a.weighted.sum + b.weighted.sum, total: a.weighted.total + b.weighted.total },
  plain: { sum: a.plain.sum + b.plain.sum, total: a.plain.total + b.plain.total },
});

export const noSums: LabelSums = { weighted: { sum: 0, total: 0 }, plain: { sum: 0, total: 0 } };

function numbersOf({ features, rows }: Events, name: string): Float32Array {
  const { column, index } = features.get(name) as IndexedColumn;
  const values = column.kind === 'numbers' ? column.values : new Float32Array(rows);
  return index ? Float32Array.from(index, (row) => values[row]!) : values;
}
