/** Computes how large a table is, in bytes and in the words of messages. */
import { defined } from '../../base/util/defined.ts';
import type { Plan, RowOptimizerPlan } from '../../graph/plan/plan.ts';
import { rowOptimizers, type StateSpec } from './optimizer.ts';

export interface TableSize {
  readonly name: string;
  readonly rows: number;
  readonly dim: number;
  readonly optimizer?: RowOptimizerPlan;
  readonly layers?: number;
  /** Absent: float32. */
  readonly precision?: 'bf16';
}

/** Copies of the values of a table that a graph keeps: what look-ups read, and one or two layers on their way. */
export const graphCopies = (layers: number): number => (layers === 1 ? 2 : 3);

/** Values, optimizer state and copies, in bytes. */
export function tableBytes({ rows, dim, optimizer, layers, precision }: TableSize): number {
  const state = optimizer ? rowOptimizers[optimizer.kind].state(optimizer) : [];
  return state.reduce(
    (sum, spec) => sum + 4 * (spec.per === 'row' ? rows : rows * dim),
    (precision === 'bf16' ? 2 : 4) * rows * dim * (1 + (layers === undefined ? 0 : graphCopies(layers))),
  );
}

/** Returns the sizes of the rows of each table of a plan, however many there are. */
export function rowSizes({ tables, train }: Plan) {
  const { embeddings: optimizer, graph } = train;
  return tables.map(({ name, dim, encoderOf, overrides, precision }) => ({
    ...{ name, dim, encoderOf },
    optimizer: { ...optimizer, ...overrides },
    ...defined({ layers: graph?.tables.includes(name) ? graph.layers : undefined, precision }),
  }));
}

/** `movie_id 1,000,000 × 64: 260,000,000 bytes` */
export function sizeWords(table: TableSize): string {
  const words = (count: number): string => count.toLocaleString('en');
  return `${table.name} ${words(table.rows)} × ${table.dim}: ${words(tableBytes(table))} bytes`;
}

/** Counts the rows that a worker has of the first `rows` of a table: row r is at worker r mod N. */
export const ownRows = (rows: number, { rank, workers }: { readonly rank: number; readonly workers: number }): number =>
  Math.max(0, Math.ceil((rows - rank) / workers));

export function stateLength({ per }: StateSpec, rows: number, dim: number): number {
  return per === 'row' ? rows : rows * dim;
}
