import type { Ref } from '../../graph/builder.ts';
import type { RowsOf } from '../../lower/plan.ts';
import type { LossContext } from '../contract.ts';
import { hitsSymbol, rowsPrefix } from '../rows_prefix.ts';

/** Puts `value` wherever a column is the row's own item again: [batch, columns] → the same. */
export function replaceHits({ builder, key, input }: LossContext, matrix: Ref, rows: RowsOf, value: number): Ref {
  const count = { symbol: hitsSymbol(rows), times: 1 };
  const source = { from: 'accidental_hits', key, rows } as const;
  const hits = input(`hits/${rowsPrefix(rows)}${key}`, source, [count, 2], 'int32');
  const like = builder.cast(builder.reshape(builder.slice(hits, [0, 0], [-1, 1]), [count]), 'float32');
  return builder.scatterUpdate(matrix, hits, builder.broadcastTo(builder.constant(value), like));
}
