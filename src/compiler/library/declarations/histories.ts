import type { HistoryKind } from '../../../graph/plan/data_description.ts';
import type { KindRow } from '../contract.ts';
import { integer } from '../parameters.ts';

/** The kinds of a history. The first argument of each, which no parameter has, is the name of a column. */
export const histories: Readonly<Record<HistoryKind, KindRow>> = {
  past: {
    doc: "The values of a column in the same user's earlier events, latest first kept: never this row's, never a later one's.",
    example: 'past(movie_id, 50)',
    parameters: {
      max: integer({ min: 1, default: 50, positional: true, doc: 'How many are kept: the latest.' }),
    },
  },
  others: {
    doc: "The values of a column in the same user's other training events, without time and in no order: never this row's. Held-out events see all training events of the user.",
    example: 'others(movie_id, 500)',
    parameters: {
      max: integer({
        min: 1,
        default: 500,
        positional: true,
        doc: 'How many are kept: drawn once, other ones for each row.',
      }),
    },
  },
};
