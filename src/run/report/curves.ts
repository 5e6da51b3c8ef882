/** The logs of a run, thinned to what a chart can show. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { readMetricsLog, stepsFile } from '../metrics_log.ts';
import type { EpochRecord } from '../training_events.ts';
import type { Series } from './line_chart.ts';

export interface Curves {
  readonly epochs: readonly EpochRecord[];
  /** Each scalar of the step by name, as means over neighbouring steps. */
  readonly steps: ReadonlyMap<string, Series>;
}

const mostPoints = 240;

/**
 * Steps are read a line at a time: a run may have millions.
 * @param steps how many the run has
 */
export async function readCurves(folder: string, steps: number): Promise<Curves> {
  const epochs = (await readMetricsLog(folder)) as unknown as EpochRecord[];
  const every = Math.max(1, Math.ceil(steps / mostPoints));
  const sums = new Map<string, { sum: number; count: number }[]>();
  for await (const line of createInterface({ input: createReadStream(join(folder, stepsFile)) })) {
    if (line === '') continue;
    const { step, ...scalars } = JSON.parse(line) as Record<string, number>;
    const point = Math.floor((step! - 1) / every);
    for (const [name, value] of Object.entries(scalars)) {
      let points = sums.get(name);
      if (points === undefined) sums.set(name, (points = []));
      const at = (points[point] ??= { sum: 0, count: 0 });
      at.sum += value;
      at.count++;
    }
  }
  return {
    epochs,
    steps: new Map(
      [...sums].map(([name, points]) => [
        name,
        // A mean stands at the last step that it holds.
        { name, points: points.map(({ sum, count }, i): [number, number] => [i * every + count, sum / count]) },
      ]),
    ),
  };
}
