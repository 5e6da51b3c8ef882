/** The logs of a run, thinned to what a chart can show. */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { refuseUnlessValid } from '../artifact/validate.ts';
import { failure } from '../diagnostics/failure.ts';
import { openRunFile } from '../storage/run_files.ts';
import { metricsFile, readMetricsLog, recordOf, stepsFile } from '../training/metrics_log.ts';
import type { EpochRecord } from '../training/training_events.ts';
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
  for (const epoch of epochs) await refuseUnlessValid('metrics', epoch, join(folder, metricsFile));
  const every = Math.max(1, Math.ceil(steps / mostPoints));
  const sums = new Map<string, { sum: number; count: number }[]>();
  const handle = await openRunFile(folder, stepsFile);
  let number = 0;
  for await (const line of createInterface({ input: handle.createReadStream() })) {
    number++;
    if (line === '') continue;
    const { step, ...scalars } = recordOf(line, join(folder, stepsFile), number) as Record<string, number>;
    if (!Number.isSafeInteger(step) || step! < 1 || step! > steps || !Object.values(scalars).every(Number.isFinite)) {
      throw failure('damaged-file', { path: join(folder, stepsFile), reason: `line ${number} is no step of the run` });
    }
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
        // A mean is at the last step that it holds.
        { name, points: points.map(({ sum, count }, i): [number, number] => [i * every + count, sum / count]) },
      ]),
    ),
  };
}
