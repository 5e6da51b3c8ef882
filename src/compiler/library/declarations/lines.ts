import type { KindRow } from '../contract.ts';

/** The value of `events` whose file has a line for each user, in place of a row for each event. */
export const lines: KindRow = {
  doc: 'A text file with lines `user item item …`, separated by spaces or tabs. Each item is an event, with the columns `user`, `item` and `position`, which counts the items of its line from 1.',
  example: 'lines("train.txt")',
  parameters: {
    path: { type: { is: 'text' }, doc: 'The path of the file, or a glob.', required: true, positional: true },
  },
};
