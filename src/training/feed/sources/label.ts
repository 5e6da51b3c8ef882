import { invariant } from '../../../base/diagnostics/failure.ts';
import { pickNumbers } from '../copy.ts';
import { type FeedContext, grown, type InputFeed, type MakeSource } from '../source.ts';

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

function fromLabel(name: string, { training }: FeedContext, change: (data: Float32Array) => void): InputFeed {
  const values = training?.events.labels.get(name);
  invariant(values, `there are no values of label ${name}`);
  let buffer = new Float32Array(0);
  return {
    fill({ rows }) {
      buffer = grown(buffer, rows.length);
      pickNumbers(values, rows, buffer);
      const data = buffer.subarray(0, rows.length);
      change(data);
      return { dtype: 'float32', shape: [rows.length], data };
    },
  };
}
