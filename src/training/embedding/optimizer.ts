/** Row-wise optimizers: the state that they need for a table, its bytes, and one step on the rows seen. The arithmetic is in kernels/update.ts. */
import { withDefaults } from '../../base/util/objects.ts';
import type { Plan, RowOptimizerPlan } from '../../graph/plan/plan.ts';
import type { KernelSpace, Kernels, Region } from './kernel_memory.ts';

export interface TableSize {
  readonly name: string;
  readonly rows: number;
  readonly dim: number;
  readonly optimizer?: RowOptimizerPlan;
  readonly layers?: number;
  /** Absent: float32. */
  readonly precision?: 'bf16';
}

/** Returns the number of copies of a table's values that a graph needs: one that look-ups read, and one or two for intermediate layers. */
export const graphCopies = (layers: number): number => (layers === 1 ? 2 : 3);

/** Returns the bytes of values, optimizer state and copies. */
export function tableBytes({ rows, dim, optimizer, layers, precision }: TableSize): number {
  const state = optimizer ? rowOptimizers[optimizer.kind].state(optimizer) : [];
  return state.reduce(
    (sum, spec) => sum + 4 * (spec.per === 'row' ? rows : rows * dim),
    (precision === 'bf16' ? 2 : 4) * rows * dim * (1 + (layers === undefined ? 0 : graphCopies(layers))),
  );
}

/** Returns the sizes of the tables of a plan, except for their rows: these are known when the columns are encoded. */
export function rowSizes({ tables, train }: Plan) {
  const { embeddings: optimizer, graph } = train;
  return tables.map(({ name, dim, encoderOf, overrides, precision }) => ({
    ...{ name, dim, encoderOf },
    optimizer: withDefaults(optimizer, overrides),
    layers: graph?.tables.includes(name) ? graph.layers : undefined,
    precision,
  }));
}

/** Describes a table in words, such as `movie_id 1,000,000 × 64: 260,000,000 bytes`. */
export function sizeWords(table: TableSize): string {
  const formatCount = (count: number): string => count.toLocaleString('en');
  return `${table.name} ${formatCount(table.rows)} × ${table.dim}: ${formatCount(tableBytes(table))} bytes`;
}

/** Returns how many of the first `rows` rows of a table a worker owns: row r belongs to worker r mod N. */
export const countOwnRows = (
  rows: number,
  { rank, workers }: { readonly rank: number; readonly workers: number },
): number => Math.max(0, Math.ceil((rows - rank) / workers));

export const countStateNumbers = ({ per }: StateSpec, rows: number, dim: number): number =>
  per === 'row' ? rows : rows * dim;

/** Returns the numbers of a state of a table, which are in this region. */
export function stateView(
  space: KernelSpace,
  region: Region,
  spec: StateSpec,
  { rows, dim }: Pick<TableSize, 'rows' | 'dim'>,
): Float32Array | Int32Array {
  const length = countStateNumbers(spec, rows, dim);
  return spec.dtype === 'int32' ? space.integers(region, length) : space.floats(region, length);
}

/** State of an optimizer for a table: `per` is `row` for one number per row, or `element` for one per value. */
export interface StateSpec {
  readonly name: string;
  readonly per: 'row' | 'element';
  readonly dtype: 'float32' | 'int32';
  readonly initial: number;
}

/** Rows with gradients: `count` of them, their codes at `unique`, their summed gradients at `sums`. */
export interface RowsToUpdate {
  readonly table: number;
  readonly bytes: number;
  readonly unique: number;
  readonly count: number;
  readonly sums: number;
}

/** Returns the first arguments of the kernels that update rows. */
export const kernelArguments = ({ table, bytes, unique, count, sums }: RowsToUpdate) =>
  [table, bytes, unique, count, sums] as const;

/** Takes one step. `rate` includes the schedule; `keep` is 1 − rate × weight decay. */
export type RowUpdate = (rows: RowsToUpdate, rate: number, keep: number) => void;

interface RowOptimizer {
  state(plan: RowOptimizerPlan): readonly StateSpec[];
  prepare(kernels: Kernels, plan: RowOptimizerPlan, state: readonly number[], space: KernelSpace): RowUpdate;
}

function adagrad(per: StateSpec['per'], updateOf: (kernels: Kernels) => Kernels['updateAdagrad']): RowOptimizer {
  return {
    state: ({ initialAccumulator }) => [{ name: 'sum', per, dtype: 'float32', initial: initialAccumulator }],
    prepare(kernels, { epsilon }, [sum]) {
      const update = updateOf(kernels);
      return (rows, rate, keep) => update(...kernelArguments(rows), sum!, rate, epsilon, keep);
    },
  };
}

const momentStates: readonly StateSpec[] = [
  { name: 'mean', per: 'element', dtype: 'float32', initial: 0 },
  { name: 'square', per: 'element', dtype: 'float32', initial: 0 },
  { name: 'steps', per: 'row', dtype: 'int32', initial: 0 },
];

/** @param lastArgument computes the last argument of the kernel from 1 − rate × weight decay */
function prepareMoments(
  kernel: Kernels['updateAdam'],
  plan: RowOptimizerPlan,
  [mean, square, steps]: readonly number[],
  space: KernelSpace,
  lastArgument: (keep: number) => number,
): RowUpdate {
  const corrections = adamCorrections(plan);
  const region = space.allocate(corrections.byteLength);
  space.floats(region, corrections.length).set(corrections);
  const betas = [plan.beta1, 1 - plan.beta1, plan.beta2, 1 - plan.beta2, plan.epsilon] as const;
  const moments = [mean!, square!, steps!, region.pointer, corrections.length / 2] as const;
  return (rows, rate, keep) => kernel(...kernelArguments(rows), ...moments, rate, ...betas, lastArgument(keep));
}

export const rowOptimizers: Readonly<Record<RowOptimizerPlan['kind'], RowOptimizer>> = {
  sgd: {
    state: () => [],
    prepare: (kernels) => (rows, rate, keep) => kernels.updateSgd(...kernelArguments(rows), rate, keep),
  },
  momentum: {
    state: () => [{ name: 'momentum', per: 'element', dtype: 'float32', initial: 0 }],
    prepare:
      (kernels, plan, [momentum]) =>
      (rows, rate, keep) =>
        kernels.updateMomentum(...kernelArguments(rows), momentum!, plan.beta1, rate, keep),
  },
  adagrad: adagrad('element', ({ updateAdagrad }) => updateAdagrad),
  row_adagrad: adagrad('row', ({ updateRowAdagrad }) => updateRowAdagrad),
  adam: {
    state: () => momentStates,
    prepare: (kernels, plan, state, space) => prepareMoments(kernels.updateAdam, plan, state, space, (keep) => keep),
  },
  lamb: {
    state: () => momentStates,
    // The decay is part of the update that is scaled to the norm of the row.
    prepare: (kernels, plan, state, space) =>
      prepareMoments(kernels.updateLamb, plan, state, space, () => plan.weightDecay),
  },
};

/** After this many steps of one row, its correction is taken as 1, which is exact in float32 for β₂ up to 0.9999. */
const maxCorrections = 200_000;

/** Returns [√(1 − β₂ᵗ) ÷ (1 − β₁ᵗ), √(1 − β₂ᵗ)] for t = 1, 2, … until both are 1 in float32. */
export function adamCorrections(plan: Pick<RowOptimizerPlan, 'beta1' | 'beta2'>): Float32Array {
  const neededSteps = (beta: number): number => (beta <= 0 ? 1 : Math.ceil(Math.log(2 ** -25) / Math.log(beta)));
  const stepCount = Math.min(maxCorrections, Math.max(1, neededSteps(plan.beta1), neededSteps(plan.beta2)));
  const corrections = new Float32Array(2 * stepCount);
  for (let t = 1; t <= stepCount; t++) {
    const secondRoot = Math.sqrt(1 - plan.beta2 ** t);
    corrections[2 * t - 2] = secondRoot / (1 - plan.beta1 ** t);
    corrections[2 * t - 1] = secondRoot;
  }
  return corrections;
}
