import { pickNumbers, pickRows } from '../copy.ts';
import { columnOf, grown, type MakeSource, makeColumnRows } from '../source.ts';

/** float32 [batch, width]: encoded numbers as they are */
export const numbers: MakeSource<'numbers'> = (source, context) => {
  const { column, index } = columnOf(context, source.feature, source.rows, 'numbers');
  const { values, width } = column;
  const columnRows = makeColumnRows(index);
  let buffer = new Float32Array(0);
  return {
    fill(batch) {
      const rows = columnRows(batch.rowsOf(source.rows));
      buffer = grown(buffer, rows.length * width);
      if (width === 1) pickNumbers(values, rows, buffer);
      else pickRows(values, width, rows, buffer);
      return { dtype: 'float32', shape: [rows.length, width], data: buffer.subarray(0, rows.length * width) };
    },
  };
};
