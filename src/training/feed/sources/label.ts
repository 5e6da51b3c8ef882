import { invariant } from '../../../base/diagnostics/failure.ts';
import { pickNumbers, pickRows } from '../copy_columns.ts';
import {
  columnOf,
  enlargedBuffer,
  type FeedContext,
  type InputFeed,
  type MakeSource,
  makeColumnRows,
  placesOf,
} from '../input_source.ts';

/** float32 [batch]; 0 where it is missing */
export const label: MakeSource<'label'> = (source, context) =>
  fromLabel(source.label, context, (data) => {
    for (let i = 0; i < data.length; i++) if (Number.isNaN(data[i]!)) data[i] = 0;
  });

/** float32 [batch]: 1 where the label has a value, else 0 */
export const labelKnown: MakeSource<'label_known'> = (source, context) =>
  fromLabel(source.label, context, (data) => {
    for (let i = 0; i < data.length; i++) data[i] = Number.isNaN(data[i]!) ? 0 : 1;
  });

/** float32 [batch, perRow]: the weight of each listed item; −1 where a row has none */
export const listedWeights: MakeSource<'listed_weights'> = ({ rows: of }) => ({
  fill: (batch) => ({ dtype: 'float32', shape: [batch.rows.length, of.perRow], data: batch.weights(of) }),
});

function fromLabel(name: string, { training }: FeedContext, change: (data: Float32Array) => void): InputFeed {
  const values = training?.events.labels.get(name);
  invariant(values, `there are no values of label ${name}`);
  let buffer = new Float32Array(0);
  return {
    fill({ rows }) {
      buffer = enlargedBuffer(buffer, rows.length);
      pickNumbers(values, rows, buffer);
      const data = buffer.subarray(0, rows.length);
      change(data);
      return { dtype: 'float32', shape: [rows.length], data };
    },
  };
}

/** float32 [batch, width]: the encoded numbers */
export const numbers: MakeSource<'numbers'> = (source, context) => {
  const { column, index } = columnOf(context, source.feature, source.rows, 'numbers');
  const { values, width } = column;
  const columnRows = makeColumnRows(index);
  let buffer = new Float32Array(0);
  return {
    fill(batch) {
      const rows = columnRows(batch.rowsOf(source.rows));
      buffer = enlargedBuffer(buffer, rows.length * width);
      if (width === 1) pickNumbers(values, rows, buffer);
      else pickRows(values, width, rows, buffer);
      return { dtype: 'float32', shape: [rows.length, width], data: buffer.subarray(0, rows.length * width) };
    },
  };
};

/** float32 [batch, max]: 1 where a sequence has an element, else 0 */
export const mask: MakeSource<'mask'> = (source, context) => {
  const { feature, column, index } = columnOf(context, source.feature, source.rows, 'bags');
  const max = placesOf(feature, source.rows);
  const columnRows = makeColumnRows(index);
  let buffer = new Float32Array(0);
  return {
    fill(batch) {
      const rows = columnRows(batch.rowsOf(source.rows));
      buffer = enlargedBuffer(buffer, rows.length * max);
      const data = buffer.subarray(0, rows.length * max).fill(0);
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i]!;
        const end = i * max + Math.min(max, column.ends[row]! - column.starts[row]!);
        for (let index = i * max; index < end; index++) data[index] = 1;
      }
      return { dtype: 'float32', shape: [rows.length, max], data };
    },
  };
};
