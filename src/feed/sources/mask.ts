import { invariant } from '../../diagnostics/failure.ts';
import { columnOf, grown, type MakeSource, makeColumnRows } from '../source.ts';

/** float32 [batch, max]: 1 where a sequence has an element, else 0 */
export const mask: MakeSource<'mask'> = (source, context) => {
  const { feature, column, index } = columnOf(context, source.feature, source.rows, 'bags');
  const { max } = feature;
  invariant(max !== undefined, `sequence ${feature.name} has no length`);
  const columnRows = makeColumnRows(index);
  let buffer = new Float32Array(0);
  return {
    fill(batch) {
      const rows = columnRows(batch.rowsOf(source.rows));
      buffer = grown(buffer, rows.length * max);
      const data = buffer.subarray(0, rows.length * max).fill(0);
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i]!;
        const end = i * max + column.ends[row]! - column.starts[row]!;
        for (let at = i * max; at < end; at++) data[at] = 1;
      }
      return { dtype: 'float32', shape: [rows.length, max], data };
    },
  };
};
