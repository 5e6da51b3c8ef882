/** Means over windows of steps, so that a curve has about as many points as a page can show. */
export interface StepMeans {
  add(step: number, values: readonly number[]): void;
  end(): void;
}

/** TensorBoard keeps a thousand points of a curve. */
export const maxPoints = 2000;

/**
 * @param names of the values
 * @param steps of the whole run
 * @param give gets the last step of each window, and the mean of each value over its steps
 */
export function stepMeans(
  names: readonly string[],
  steps: number,
  give: (step: number, means: Readonly<Record<string, number>>) => void,
): StepMeans {
  const window = Math.max(1, Math.ceil(steps / maxPoints));
  const sums = new Float64Array(names.length);
  let [count, last] = [0, 0];
  const end = (): void => {
    if (count === 0) return;
    give(last, Object.fromEntries(names.map((name, i) => [name, sums[i]! / count])));
    sums.fill(0);
    count = 0;
  };
  return {
    add(step, values) {
      for (let i = 0; i < names.length; i++) sums[i]! += values[i]!;
      count++;
      last = step;
      // Windows begin at multiples, so that a run that was stopped has the same points.
      if (step % window === 0) end();
    },
    end,
  };
}
