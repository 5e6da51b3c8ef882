import { invariant } from '../../../base/diagnostics/failure.ts';
import { makeGroups, makePairs } from '../groups.ts';
import type { MakeSource } from '../source.ts';

/** int32 [positives, 2] of (row, column) in ascending order: rows of the batch with the same user; one without any has itself. */
export const positives: MakeSource<'positives'> = (_, { training }) => {
  invariant(training, 'positives are of training rows');
  const { user } = training.events;
  const groups = makeGroups();
  const pairs = makePairs();
  return {
    fill({ rows }) {
      groups.fill(rows.length, (place) => user[rows[place]!]!);
      pairs.clear();
      for (let i = 0; i < rows.length; i++) {
        const query = user[rows[i]!]!;
        if (query < 0) pairs.add(i, i);
        else for (let column = groups.first(query); column >= 0; column = groups.next(column)) pairs.add(i, column);
      }
      return pairs.tensor();
    },
  };
};
