import { type ClockPart, clockParts } from '../../../graph/plan/plan.ts';
import { ShapeError } from '../contract.ts';
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
      doc: '`hour` of the day, `weekday`, `month`, or `week_hour`, the hour of the week. `moment`, the hours since 1970, is a number and has no embedding: `along(history, time(moment))` says when the elements of a list were, for the intervals of `transformer`.',
      default: 'hour',
    }),
    dim: integer({ min: 1, doc: 'Width of the embedding. Default 4.' }),
  },
  use({ part, dim }) {
    const encoder = { kind: 'clock', part } as const;
    if (part !== 'moment') return { encoder, gives: 'code', dim: dim ?? 4 };
    if (dim !== undefined) throw new ShapeError('takes no `dim` with `moment`, which is a number');
    return { encoder, gives: 'code', dim: 1, frozen: true, ordinal: true };
  },
});

/** Returns the number of rows of its table, including one for a missing moment. */
export const clockRows = (part: ClockPart): number => clockParts[part] + 1;
