import { makeRandom } from '../../random/random.ts';
import { type HistoryScores, type Training, tuned } from './baseline.ts';
import type { Lists } from './interactions.ts';
import { symmetricEigen } from './symmetric_eigen.ts';

export interface IalsSetting {
  readonly [name: string]: number;
  /** Weight of what a user did not have, relative to 1. */
  readonly α0: number;
  readonly λ: number;
}

const width = 64;
const sweeps = 8;
const seed = 1;

/** Vectors of items, row-major [items, width], and what belongs to them. */
export interface Factors {
  readonly width: number;
  readonly data: Float64Array;
}

/**
 * score(j) = wᵀ hⱼ, where w is the vector that fits the history H best: the one that training would give this user. Training
 * minimizes Σ over what users had of (1 − ŷᵤᵢ)² + α₀ Σ over all users and items of ŷᵤᵢ² + λ (Σᵤ (|I(u)| + α₀ items) ‖wᵤ‖² +
 * Σᵢ (|U(i)| + α₀ users) ‖hᵢ‖²) with ŷᵤᵢ = wᵤ · hᵢ: users and items in turn, each vector exactly.
 */
export const ials = tuned<IalsSetting>({
  doc: `implicit alternating least squares: products of vectors of ${width} numbers after ${sweeps} sweeps, the user’s solved from the history`,
  paper:
    'Hu et al., ICDM 2008; Rendle et al., "Revisiting the performance of iALS on item recommendation benchmarks", RecSys 2022',
  settings: [0.01, 0.1, 0.5].flatMap((α0) => [
    { α0, λ: 0.003 },
    { α0, λ: 0.03 },
  ]),
  usual: 2,
  fit(training, setting) {
    const { items } = train(training, setting, { width, sweeps, seed });
    return foldIn(items, training.items, setting);
  },
  work: ({ users, items, itemsOf, usersOf }) =>
    sweeps * (solvingWork(itemsOf) + solvingWork(usersOf) + 2 * (users + items) * width ** 2),
  eventWork: ({ items, itemsOf, users }) => items * width + solvingWork(itemsOf) / Math.max(1, users),
  bytes: ({ users, items }) => 3 * 8 * width * (users + items),
});

/** Numbers added up to solve for each list of rows. */
function solvingWork({ starts }: Lists): number {
  let work = 0;
  for (let list = 0; list + 1 < starts.length; list++) {
    const count = starts[list + 1]! - starts[list]!;
    const size = Math.min(count, width);
    work += (width * count * size) / 2 + size ** 3 / 6 + width ** 2;
  }
  return work;
}

export interface TrainOptions {
  readonly width: number;
  readonly sweeps: number;
  readonly seed: number;
  /** Called after each sweep. */
  readonly onSweep?: (users: Factors, items: Factors) => void;
}

/** The first vectors of items are normal numbers with deviation 0.1 ÷ √width; the first sweep begins with the users. */
export function train(
  { users, items, itemsOf, usersOf }: Training,
  setting: IalsSetting,
  { width, sweeps, seed, onSweep }: TrainOptions,
): { readonly users: Factors; readonly items: Factors } {
  const user = { width, data: new Float64Array(users * width) };
  const item = { width, data: normal(items * width, 0.1 / Math.sqrt(width), seed) };
  for (let sweep = 0; sweep < sweeps; sweep++) {
    solveAll(user, item, itemsOf, setting);
    solveAll(item, user, usersOf, setting);
    onSweep?.(user, item);
  }
  return { users: user, items: item };
}

function normal(length: number, deviation: number, seed: number): Float64Array {
  const random = makeRandom(seed);
  // Box and Muller 1958; 1 − u is never 0.
  return Float64Array.from(
    { length },
    () => deviation * Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next()),
  );
}

function solveAll(own: Factors, others: Factors, lists: Lists, setting: IalsSetting): void {
  const solve = makeSolver(others, setting);
  for (let row = 0; row + 1 < lists.starts.length; row++) {
    const had = lists.values.subarray(lists.starts[row]!, lists.starts[row + 1]!);
    own.data.set(solve(had), row * own.width);
  }
}

/**
 * The vector w of a user who had these rows h of `others`: of (Σ h hᵀ over them + α₀ HᵀH + λ (count + α₀ rows) I) w = Σ h. In memory
 * that the next call reuses.
 *
 * Where they are fewer than the numbers of a vector, the system is as wide as they are: in the basis that makes HᵀH diagonal, the
 * matrix is D⁻¹ + RᵀR with a diagonal D and the rows R, and w = D Rᵀ (I + R D Rᵀ)⁻¹ 1. That is 20 times faster for short histories.
 */
export function makeSolver({ width, data }: Factors, { α0, λ }: IalsSetting): (had: Int32Array) => Float64Array {
  const rows = data.length / width;
  const gram = new Float64Array(width * width);
  for (let row = 0; row < rows; row++) addOuter(gram, data, row * width, width);
  const { values, vectors } = symmetricEigen(gram, width);
  const turned = productOf(data, vectors, rows, width);
  for (let i = 0; i < gram.length; i++) gram[i]! *= α0;
  const matrix = new Float64Array(width * width);
  const vector = new Float64Array(width);
  const diagonal = new Float64Array(width);
  const sums = new Float64Array(width);

  const wide = (had: Int32Array, ridge: number): void => {
    matrix.set(gram);
    vector.fill(0);
    for (let i = 0; i < width; i++) matrix[i * width + i]! += ridge;
    for (const row of had) {
      addOuter(matrix, data, row * width, width);
      for (let i = 0; i < width; i++) vector[i]! += data[row * width + i]!;
    }
    solveInPlace(matrix, vector, width);
  };
  const narrow = (had: Int32Array, ridge: number): void => {
    const size = had.length;
    for (let k = 0; k < width; k++) diagonal[k] = 1 / (α0 * Math.max(0, values[k]!) + ridge);
    for (let a = 0; a < size; a++) {
      for (let b = 0; b <= a; b++) {
        let sum = a === b ? 1 : 0;
        const [first, second] = [had[a]! * width, had[b]! * width];
        for (let k = 0; k < width; k++) sum += turned[first + k]! * diagonal[k]! * turned[second + k]!;
        matrix[a * size + b] = sum;
      }
    }
    vector.fill(1, 0, size);
    solveInPlace(matrix, vector, size);
    sums.fill(0);
    for (let a = 0; a < size; a++) {
      for (let k = 0; k < width; k++) sums[k]! += vector[a]! * turned[had[a]! * width + k]!;
    }
    for (let k = 0; k < width; k++) sums[k]! *= diagonal[k]!;
    for (let i = 0; i < width; i++) {
      let value = 0;
      for (let k = 0; k < width; k++) value += vectors[i * width + k]! * sums[k]!;
      vector[i] = value;
    }
  };
  return (had) => {
    const ridge = λ * (had.length + α0 * rows);
    if (had.length < width) narrow(had, ridge);
    else wide(had, ridge);
    return vector;
  };
}

/** Of [rows, width] and [width, width]. */
function productOf(data: Float64Array, square: Float64Array, rows: number, width: number): Float64Array {
  const product = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < width; i++) {
      const value = data[row * width + i]!;
      for (let k = 0; k < width; k++) product[row * width + k]! += value * square[i * width + k]!;
    }
  }
  return product;
}

/** Adds v vᵀ to the lower triangle. */
function addOuter(matrix: Float64Array, data: Float64Array, from: number, width: number): void {
  for (let i = 0; i < width; i++) {
    const value = data[from + i]!;
    const row = i * width;
    for (let j = 0; j <= i; j++) matrix[row + j]! += value * data[from + j]!;
  }
}

/** Cholesky's factor takes the place of the lower triangle, and the solution that of the right-hand side. */
function solveInPlace(matrix: Float64Array, vector: Float64Array, width: number): void {
  for (let i = 0; i < width; i++) {
    const row = i * width;
    let value = vector[i]!;
    for (let j = 0; j <= i; j++) {
      const other = j * width;
      let sum = matrix[row + j]!;
      for (let k = 0; k < j; k++) sum -= matrix[row + k]! * matrix[other + k]!;
      matrix[row + j] = i === j ? Math.sqrt(sum) : sum / matrix[other + j]!;
    }
    for (let k = 0; k < i; k++) value -= matrix[row + k]! * vector[k]!;
    vector[i] = value / matrix[row + i]!;
  }
  for (let i = width - 1; i >= 0; i--) {
    const value = vector[i]! / matrix[i * width + i]!;
    vector[i] = value;
    for (let k = 0; k < i; k++) vector[k]! -= value * matrix[i * width + k]!;
  }
}

function foldIn(factors: Factors, items: number, setting: IalsSetting): HistoryScores {
  const { width, data } = factors;
  const solve = makeSolver(factors, setting);
  // By number first, so that the sums of neighbouring items do not wait for each other.
  const columns = new Float64Array(width * items);
  for (let item = 0; item < items; item++) {
    for (let i = 0; i < width; i++) columns[i * items + item] = data[item * width + i]!;
  }
  return (history, target) => {
    if (history.length === 0) return;
    const vector = solve(history);
    for (let i = 0; i < width; i++) {
      const [value, from] = [vector[i]!, i * items];
      for (let item = 0; item < items; item++) target[item]! += value * columns[from + item]!;
    }
  };
}
