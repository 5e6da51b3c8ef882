import { invariant } from '../../../base/diagnostics/failure.ts';
import { paddedLength } from '../seen_rows.ts';
import { columnOf, type MakeSource, makeColumnRows, placesOf } from '../source.ts';

/** int32 [rows, places] in sequence, else int32 [codes]; 0 for what only fills up */
export const elementPlaces: MakeSource<'element_places'> = (source, context) => {
  const { feature, column, index } = columnOf(context, source.feature, source.rows, 'bags');
  const listedItems = context.training?.elements;
  const { starts, ends, items } = column;
  invariant(listedItems && items, `list ${source.feature} goes through the item tower in a step of training`);
  const most = placesOf(feature, source.rows);
  const isSequence = source.pool === 'sequence';
  const columnRows = makeColumnRows(index);
  let buffer = new Int32Array(0);
  return {
    fill(batch) {
      listedItems.of(batch.whole ?? batch);
      const rows = columnRows(batch.rowsOf(source.rows));
      const countOf = (row: number): number => Math.min(most, ends[row]! - starts[row]!);
      let total = rows.length * most;
      if (!isSequence) {
        total = 0;
        for (const row of rows) total += countOf(row);
        total = paddedLength(total);
      }
      if (buffer.length < total) buffer = new Int32Array(total);
      const data = buffer.subarray(0, total).fill(0);
      let nextElement = 0;
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i]!;
        const count = countOf(row);
        if (isSequence) nextElement = i * most;
        for (let at = 0; at < count; at++) data[nextElement++] = listedItems.place(items[starts[row]! + at]!);
      }
      return { dtype: 'int32', shape: isSequence ? [rows.length, most] : [total], data };
    },
  };
};
