/** Reads the curves of a run from its logs. */
import { join } from 'node:path';
import { failure } from '../../base/diagnostics/diagnostic.ts';
import { openRunFile, readFileLines } from '../../base/storage/run_files.ts';
import { refuseUnlessValid } from '../../training/artifact/validate.ts';
import { metricsFile, parsedRecord, readMetricsLog, stepsFile } from '../../training/metrics_log.ts';
import type { EpochRecord } from '../../training/train_options.ts';

/** A line of a chart. */
export interface ChartSeries {
  readonly name: string;
  /** Sorted by x. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /** True if a point does not lead to the next one. */
  readonly isApart?: true;
}

export interface TrainingCurves {
  readonly epochs: readonly EpochRecord[];
  /** Number of steps that the curves leave out: the last step of an epoch, if it has fewer rows. */
  readonly shortSteps: number;
  /** By scalar: means over neighbouring steps. */
  readonly steps: ReadonlyMap<string, ChartSeries>;
}

const maxPoints = 240;

/**
 * Reads the curves of a run. Steps are read line by line, because there may be millions. The last step of an epoch is left out if it has fewer rows than a
 * batch, because a loss over the batch is lower there for this reason alone.
 * @param steps number of steps of the run
 * @param batch rows of a step
 */
export async function readCurves(folder: string, steps: number, batch: number): Promise<TrainingCurves> {
  const epochs = (await readMetricsLog(folder)) as unknown as EpochRecord[];
  for (const epoch of epochs) await refuseUnlessValid('metrics', epoch, join(folder, metricsFile));
  const shortEpochs = shortSteps(epochs, batch);
  const stepsPerPoint = Math.max(1, Math.ceil(steps / maxPoints));
  const sumsByName = new Map<string, { sum: number; count: number; last: number }[]>();
  const path = join(folder, stepsFile);
  const handle = await openRunFile(folder, stepsFile);
  let lineNumber = 0;
  for await (const line of readFileLines(handle, path)) {
    lineNumber++;
    if (line === '') continue;
    const { step, ...scalars } = parsedRecord(line, path, lineNumber) as Record<string, number>;
    if (!Number.isSafeInteger(step) || step! < 1 || step! > steps || !Object.values(scalars).every(Number.isFinite)) {
      throw failure('damaged-file', { path, reason: `line ${lineNumber} is no step of the run` });
    }
    if (shortEpochs.has(step!)) continue;
    const point = Math.floor((step! - 1) / stepsPerPoint);
    for (const [name, value] of Object.entries(scalars)) {
      let points = sumsByName.get(name);
      if (points === undefined) sumsByName.set(name, (points = []));
      const pointSum = (points[point] ??= { sum: 0, count: 0, last: 0 });
      pointSum.last = step!;
      pointSum.sum += value;
      pointSum.count++;
    }
  }
  return {
    epochs,
    shortSteps: shortEpochs.size,
    steps: new Map(
      [...sumsByName].map(([name, points]) => [
        name,
        // A mean is drawn at the last step that it includes. Parts of the axis without a step are skipped.
        { name, points: points.flatMap(({ sum, count, last }): [number, number][] => [[last, sum / count]]) },
      ]),
    ),
  };
}

/** Returns the last steps of epochs that had fewer rows than a batch. An epoch with one step keeps it. */
function shortSteps(epochs: readonly EpochRecord[], batch: number): ReadonlySet<number> {
  const short = new Set<number>();
  let stepsBefore = 0;
  for (const { step, rows } of epochs) {
    const steps = step - stepsBefore;
    stepsBefore = step;
    if (steps > 1 && rows < steps * batch && rows > (steps - 1) * batch) short.add(step);
  }
  return short;
}
