/** How large a table is: bytes, and the words that messages name it by. */
import type { RowOptimizerPlan } from '../plan/plan.ts';
import { rowOptimizers } from './optimizer.ts';

export interface TableSize {
  readonly name: string;
  readonly rows: number;
  readonly dim: number;
  readonly optimizer?: RowOptimizerPlan;
}

/** Values and optimizer state, in bytes. */
export function tableBytes({ rows, dim, optimizer }: TableSize): number {
  const state = optimizer ? rowOptimizers[optimizer.kind].state(optimizer) : [];
  return state.reduce((sum, spec) => sum + 4 * (spec.per === 'row' ? rows : rows * dim), 4 * rows * dim);
}

/** `movie_id 1,000,000 × 64: 260,000,000 bytes`: how a table is named in a message about memory. */
export function sizeWords(table: TableSize): string {
  const words = (count: number): string => count.toLocaleString('en');
  return `${table.name} ${words(table.rows)} × ${table.dim}: ${words(tableBytes(table))} bytes`;
}
