import type { KindRow } from '../contract.ts';
import { integer } from '../parameters.ts';

/** The kind of a history. Its first argument, which no parameter has, is the name of a column. */
export const past: KindRow = {
  doc: "The values of a column in the same user's earlier events, latest first kept: never this row's, never a later one's.",
  example: 'past(movie_id, 50)',
  parameters: {
    max: integer({ min: 1, default: 50, positional: true, doc: 'How many are kept: the latest.' }),
  },
};
