import { type ClockPart, clockParts } from '../../../graph/plan/plan.ts';
import { choice, integer } from '../parameters.ts';
import { featureKind } from '../rows.ts';

export const time = featureKind({
  doc: 'A part of a time, in UTC. Each value has a row of an embedding table, and one row is for missing values. The column has a date, a time, or seconds since 1970. Gives a field of width `dim`.',
  formula: ['table[part(x)]'],
  when: 'For habits of the day or week. The order of events belongs to `time` in the data block.',
  paper: 'no paper: a category that the calendar makes',
  example: 'time(weekday, dim: 4)',
  column: 'time',
  parameters: {
    part: choice(Object.keys(clockParts) as ClockPart[], {
      positional: true,
      doc: '`hour` of the day, `weekday`, `month`, or `week_hour`, the hour of the week.',
      default: 'hour',
    }),
    dim: integer({ min: 1, doc: 'Width of the embedding.', default: 4 }),
  },
  use: ({ part, dim }) => ({ encoder: { kind: 'clock', part }, gives: 'code', dim }),
});

/** Returns the number of rows of its table, including one for a missing moment. */
export const clockRows = (part: ClockPart): number => clockParts[part] + 1;
