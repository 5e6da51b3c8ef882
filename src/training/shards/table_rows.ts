/** What the rows of tables take while training has them in memory, next to rows of events. */
import { rowSizes, tableBytes } from '../../embedding/table_size.ts';
import type { Plan } from '../../plan/plan.ts';

/**
 * Of each table the bytes of a row, with the state of its optimizer.
 * @param sharing workers that share the rows
 */
export const tableRows = (plan: Plan, sharing: number): readonly { encoderOf: string; rowBytes: number }[] =>
  rowSizes(plan).map((size) => ({ encoderOf: size.encoderOf, rowBytes: tableBytes({ ...size, rows: 1 }) / sharing }));
