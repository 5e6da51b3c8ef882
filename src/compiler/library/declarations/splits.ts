/** The kinds of `split`: a data block holds out a part of its events. */
import type { KindRow, Parameter } from '../contract.ts';

/** Where neither is given. Where one is, the other part is not asked for. */
export const usualShare = 0.1;

const share = (doc: string): Parameter<number | undefined> => ({ type: { is: 'number', min: 0, below: 1 }, doc });

export const splits: Readonly<Record<'by_time' | 'leave_one_out' | 'random' | 'files' | 'column', KindRow>> = {
  by_time: {
    doc: 'The last events of all time are the test part, those before them the validation part.',
    example: 'by_time(validation: 10%, test: 10%)',
    parameters: {
      validation: share('Share of the events. Default 10 %, or 0 if only `test` is given.'),
      test: share('Share of the events. Default 10 %, or 0 if only `validation` is given.'),
    },
  },
  leave_one_out: {
    doc: "Each user's last event is the test part, the one before it the validation part.",
    example: 'leave_one_out',
    parameters: {},
  },
  random: {
    doc: 'Events are drawn, each alike.',
    example: 'random(validation: 10%, test: 10%, seed: 1)',
    parameters: {
      validation: share('Share of the events. Default 10 %, or 0 if only `test` is given.'),
      test: share('Share of the events. Default 10 %, or 0 if only `validation` is given.'),
      seed: { type: { is: 'integer', min: 0 }, doc: 'Which are drawn follows from it.', default: 1 },
    },
  },
  files: {
    doc: 'The data comes split: `events` is the training part, and these files are the others. They have the columns of `events`, and are read in the same way.',
    example: 'files(validation: "valid.csv", test: "test.csv")',
    parameters: {
      validation: {
        type: { is: 'text' },
        doc: 'The path of the validation part, or a glob. Without it there is none.',
      },
      test: { type: { is: 'text' }, doc: 'The path of the test part, or a glob.', required: true },
    },
  },
  column: {
    doc: 'A column says `train`, `validation` or `test`.',
    example: 'column("fold")',
    parameters: {
      column: { type: { is: 'text' }, doc: 'The name of the column.', required: true, positional: true },
    },
  },
};
