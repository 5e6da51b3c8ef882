import { columnOf, grown, type MakeSource, makeColumnRows, placesOf } from '../source.ts';

/** float32 [batch, max]: 1 where a sequence has an element, else 0 */
export const mask: MakeSource<'mask'> = (source, context) => {
  const { feature, column, index } = columnOf(context, source.feature, source.rows, 'bags');
  const max = placesOf(feature, source.rows);
  const columnRows = makeColumnRows(index);
  let buffer = new Float32Array(0);
  return {
    fill(batch) {
      const rows = columnRows(batch.rowsOf(source.rows));
      buffer = grown(buffer, rows.length * max);
      const data = buffer.subarray(0, rows.length * max).fill(0);
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i]!;
        const end = i * max + Math.min(max, column.ends[row]! - column.starts[row]!);
        for (let at = i * max; at < end; at++) data[at] = 1;
      }
      return { dtype: 'float32', shape: [rows.length, max], data };
    },
  };
};
