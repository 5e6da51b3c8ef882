import { invariant } from '../../diagnostics/failure.ts';
import { pickNumbers } from '../copy.ts';
import { grown, type MakeSource } from '../source.ts';

/** float32 [batch] */
export const label: MakeSource<'label'> = (source, { training }) => {
  const values = training?.events.labels.get(source.label);
  invariant(values, `there are no values of label ${source.label}`);
  let buffer = new Float32Array(0);
  return {
    fill({ rows }) {
      buffer = grown(buffer, rows.length);
      pickNumbers(values, rows, buffer);
      return { dtype: 'float32', shape: [rows.length], data: buffer.subarray(0, rows.length) };
    },
  };
};
