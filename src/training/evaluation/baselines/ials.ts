import { invariant } from '../../../base/diagnostics/diagnostic.ts';
import { drawNormal, makeRandom } from '../../../base/random/random.ts';
import { listRowIndexes } from '../../../base/util/objects.ts';
import { KernelSpace, type Region } from '../../embedding/kernel_memory.ts';
import {
  defineTuned,
  type HistoryScores,
  type RowLists,
  settingsTried,
  type TrainingInteractions,
} from './baseline.ts';
import { symmetricEigen } from './symmetric_eigen.ts';

/** α0 is the weight of items that a user did not have, relative to 1; width is that of the vectors. */
type IalsSetting = Readonly<Record<'α0' | 'λ' | 'width', number>>;

type IalsWeights = Pick<IalsSetting, 'α0' | 'λ'>;

const sweepCount = 16;
const firstWidth = 64;
const widths = [firstWidth, 128, 256, 512, 1024, 2048];
/** Maximum steps of a training with wider vectors than the first: about twenty seconds. */
const affordedSteps = 6e9;
/** How many settings of the first width are tried where the walk goes nowhere: λ and α0, one up and one down. */
const usuallyTried = settingsTried + 4;
const seed = 1;

/** Vectors of users or items, row-major [rows, width]. */
export interface Factors {
  readonly width: number;
  readonly data: Float64Array;
}

/**
 * score(j) = wᵀ hⱼ, where w is the vector that fits the history H best: the one that training would give this user. Training minimizes Σ over what users had of
 * (1 − ŷᵤᵢ)² + α₀ Σ over all users and items of ŷᵤᵢ² + λ (Σᵤ (|I(u)| + α₀ items) ‖wᵤ‖² + Σᵢ (|U(i)| + α₀ users) ‖hᵢ‖²) with ŷᵤᵢ = wᵤ · hᵢ. It solves for users
 * and items in turn, and for each vector exactly.
 */
export const ials = defineTuned<IalsSetting>({
  doc: `implicit alternating least squares: products of vectors after ${sweepCount} sweeps, the user’s solved from the history`,
  paper:
    'Hu et al., ICDM 2008; Rendle et al., "Revisiting the performance of iALS on item recommendation benchmarks", RecSys 2022',
  settings: [0.01, 0.1, 0.5].flatMap((α0) => [
    { α0, λ: 0.003, width: firstWidth },
    { α0, λ: 0.03, width: firstWidth },
  ]),
  defaultSetting: 2,
  ladders: {
    λ: [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3],
    α0: [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.5, 1, 2],
    width: widths,
  },
  isWorthTime: (training, { width }) => width === firstWidth || canAfford(training, width),
  *fitSettings(training, settings) {
    const rowSums = makeRowSums();
    for (const setting of settings) {
      const { items } = factorize(training, setting, { width: setting.width, sweeps: sweepCount, seed, sums: rowSums });
      yield scoreByFolding(items, training.items, setting);
    }
  },
  steps: (training) =>
    usuallyTried * fitSteps(training, firstWidth) +
    (canAfford(training, 2 * firstWidth) ? fitSteps(training, 2 * firstWidth) : 0),
  eventSteps: (training) =>
    (training.items * firstWidth) / 10 + solvingSteps(training.itemsOf, firstWidth) / Math.max(1, training.users),
  // Vectors in and out of the kernels' memory; for items also those of the best setting so far.
  bytes: (training) => 8 * widestOf(training) * (2 * training.users + 9 * training.items),
});

const canAfford = (training: TrainingInteractions, width: number): boolean =>
  width <= Math.min(training.users, training.items) && fitSteps(training, width) <= affordedSteps;

const widestOf = (training: TrainingInteractions): number =>
  widths.findLast((width) => canAfford(training, width)) ?? firstWidth;

/** Multiplications of the kernels in the time of a step of plain code. Measured on Last.fm, MovieLens and Toys: it is 8 to 14, and more for wide vectors. */
const kernelGain = 10;

/** Estimates the steps of one training: to solve, to turn the vectors, and to find the directions of both sides. */
const fitSteps = ({ users, items, itemsOf, usersOf }: TrainingInteractions, width: number): number =>
  sweepCount *
  (solvingSteps(itemsOf, width) +
    solvingSteps(usersOf, width) +
    (1.5 * (users + items) * width ** 2 + 18 * width ** 3) / kernelGain);

function solvingSteps({ starts }: RowLists, width: number): number {
  let stepTotal = 0;
  for (let list = 0; list + 1 < starts.length; list++) {
    const listLength = starts[list + 1]! - starts[list]!;
    const solvedSize = Math.min(listLength, width);
    stepTotal += 300 + ((listLength * solvedSize * width) / 2 + solvedSize ** 3 / 6) / kernelGain;
  }
  return stepTotal;
}

export interface IalsTrainOptions {
  readonly width: number;
  readonly sweeps: number;
  readonly seed: number;
  /** Memory for sums that several trainings may use one after the other. */
  readonly sums?: RowSums;
  readonly onSweep?: (users: Factors, items: Factors) => void;
}

/**
 * Trains the vectors. The initial item vectors are normal with deviation 0.1 ÷ √width; the first sweep begins with the users. The vectors are determined up to
 * a rotation that users and items share.
 */
export function factorize(
  { users, items, itemsOf, usersOf }: TrainingInteractions,
  setting: IalsWeights,
  { width, sweeps, seed, sums = makeRowSums(), onSweep }: IalsTrainOptions,
): { readonly users: Factors; readonly items: Factors } {
  const user = { width, data: new Float64Array(users * width) };
  const random = makeRandom(seed);
  const deviation = 0.1 / Math.sqrt(width);
  const item = { width, data: Float64Array.from({ length: items * width }, () => drawNormal(random, deviation)) };
  for (let sweep = 0; sweep < sweeps; sweep++) {
    solveAll(user, item, itemsOf, setting, sums);
    solveAll(item, user, usersOf, setting, sums);
    onSweep?.(user, item);
  }
  return { users: user, items: item };
}

function solveAll(solved: Factors, fixed: Factors, lists: RowLists, setting: IalsWeights, sums: RowSums): void {
  const solve = makeSolver(fixed, setting, sums);
  for (let row = 0; row + 1 < lists.starts.length; row++) {
    const items = lists.values.subarray(lists.starts[row]!, lists.starts[row + 1]!);
    solved.data.set(solve(items), row * solved.width);
  }
}

/**
 * Returns a function that solves for the vector w of a user who had these rows h of `data`: (Σ h hᵀ over them + α₀ HᵀH + λ (count + α₀ rows) I) w = Σ h. The
 * next call reuses the memory of the result.
 *
 * Rotates the rows of `data` to the basis in which HᵀH is diagonal, and returns w in that basis: no product of vectors changes. If a history is shorter than a
 * vector, the system is as wide as the history: the matrix is D⁻¹ + RᵀR with a diagonal D and the rows R, and w = D Rᵀ (I + R D Rᵀ)⁻¹ 1. That is 20 times
 * faster for short histories.
 */
export function makeSolver(
  { width, data }: Factors,
  { α0, λ }: IalsWeights,
  sums: RowSums = makeRowSums(),
): (items: Int32Array) => Float64Array {
  const rows = data.length / width;
  const eigenvalues = rotateToEigenbasis(data, width, sums);
  const vector = new Float64Array(width);
  const diagonal = new Float64Array(width);
  return (items) => {
    const ridge = λ * (items.length + α0 * rows);
    for (let k = 0; k < width; k++) diagonal[k] = α0 * Math.max(0, eigenvalues[k]!) + ridge;
    sums.solve(items, diagonal, vector);
    return vector;
  };
}

/** Rotates the rows of a matrix H in place to the basis in which HᵀH is diagonal, loads them into `sums`, and returns the diagonal. */
function rotateToEigenbasis(data: Float64Array, width: number, sums: RowSums): Float64Array {
  const rowCount = data.length / width;
  const gram = new Float64Array(width * width);
  sums.load(data, width);
  sums.addOuters(listRowIndexes(rowCount), gram);
  const { values, vectors } = symmetricEigen(gram, width);
  sums.load(vectors, width);
  for (let row = 0; row < rowCount; row++) {
    const rowView = data.subarray(row * width, (row + 1) * width);
    sums.combine(rowView, rowView);
  }
  sums.load(data, width);
  return values;
}

/** Returns scores with memory of their own, because they may be used while other settings are tried. */
function scoreByFolding(factors: Factors, items: number, setting: IalsSetting): HistoryScores {
  const { width, data } = factors;
  const solve = makeSolver(factors, setting);
  // Transposed to [width, items], so that the sums of adjacent items do not wait for each other.
  const columns = new Float64Array(width * items);
  for (let item = 0; item < items; item++) {
    for (let i = 0; i < width; i++) columns[i * items + item] = data[item * width + i]!;
  }
  const scores = makeRowSums();
  scores.load(columns, items);
  return (history, target) => {
    if (history.length > 0) scores.combine(solve(history), target);
  };
}

type RowSums = ReturnType<typeof makeRowSums>;

/** Sums the rows of a matrix, float64 [rows, width] row-major, in a memory of its own. Each sum has the bits of a plain loop in the order of the rows. */
export function makeRowSums() {
  const space = new KernelSpace();
  let matrix: Region | undefined;
  let operand: Region | undefined;
  let result: Region | undefined;
  let system: Region | undefined;
  let [width, rows] = [0, 0];
  return {
    load(data: Float64Array, columns: number): void {
      [width, rows] = [columns, data.length / columns];
      matrix = space.enlarge(matrix, data.byteLength);
      space.doubles(matrix, data.length).set(data);
    },
    /** Adds Σ v vᵀ over these rows v to the lower triangle of `target`, [width, width]; its upper triangle becomes undefined. */
    addOuters(list: Int32Array, target: Float64Array): void {
      invariant(matrix, 'a matrix is loaded');
      operand = space.enlarge(operand, list.byteLength);
      result = space.enlarge(result, target.byteLength);
      space.integers(operand, list.length).set(list);
      space.doubles(result, target.length).set(target);
      space.kernels.addOuters(result.pointer, 8 * width, matrix.pointer, operand.pointer, list.length);
      target.set(space.doubles(result, target.length));
    },
    /** Writes (D + Σ v vᵀ)⁻¹ Σ v over these rows v, with a diagonal D of positive numbers, to `target`. */
    solve(list: Int32Array, diagonal: Float64Array, target: Float64Array): void {
      invariant(matrix, 'a matrix is loaded');
      const { length } = list;
      const isNarrow = length < width;
      operand = space.enlarge(operand, list.byteLength);
      result = space.enlarge(result, 8 * width * 3);
      system = space.enlarge(system, 8 * (isNarrow ? length * (length + 1) : width * width));
      space.integers(operand, length).set(list);
      const rowsOfResult = space.doubles(result, 3 * width);
      for (let k = 0; k < width; k++) rowsOfResult[k] = isNarrow ? 1 / diagonal[k]! : diagonal[k]!;
      const [bytes, solved, out] = [8 * width, result.pointer, result.pointer + 16 * width];
      const history = [matrix.pointer, bytes, solved, operand.pointer, length] as const;
      if (isNarrow) space.kernels.solveNarrow(...history, solved + bytes, system.pointer, out);
      else space.kernels.solveWide(...history, system.pointer, out);
      target.set(rowsOfResult.subarray(2 * width));
    },
    /** Writes Σ weights[k] × row k to `target`, [width], for as many rows as there are weights. */
    combine(weights: Float64Array, target: Float64Array): void {
      invariant(matrix && weights.length <= rows, `${weights.length} weights for ${rows} rows`);
      operand = space.enlarge(operand, weights.byteLength);
      result = space.enlarge(result, 8 * width);
      space.doubles(operand, weights.length).set(weights);
      space.kernels.combine(matrix.pointer, 8 * width, operand.pointer, weights.length, result.pointer);
      target.set(space.doubles(result, width));
    },
  };
}
