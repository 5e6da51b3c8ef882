import type { Plan } from '../../graph/plan/plan.ts';
import { rowSizes, tableBytes } from '../embedding/table_size.ts';

/** @param sharing workers that share the rows; a row counts with the state of its optimizer */
export const tableRows = (plan: Plan, sharing: number): readonly { encoderOf: string; rowBytes: number }[] =>
  rowSizes(plan).map((size) => ({ encoderOf: size.encoderOf, rowBytes: tableBytes({ ...size, rows: 1 }) / sharing }));
