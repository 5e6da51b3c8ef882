/**
 * The curves of a run from its own logs, as a tracking server takes them. The same lines give the same points, while the run trains and
 * afterwards, so what a server missed can be sent at any time.
 */
import { join } from 'node:path';
import { refuseUnlessValid } from '../../artifact/validate.ts';
import { failure } from '../../diagnostics/failure.ts';
import { keyOf } from '../../tracking/mlflow/names.ts';
import type { Metric } from '../../tracking/mlflow/runs.ts';
import { type StepMeans, stepMeans } from '../../tracking/step_means.ts';
import { metricsFile, stepsFile } from '../../training/metrics_log.ts';
import { isNorm, trackedNorm } from '../../training/norms.ts';
import type { EpochRecord } from '../../training/training_events.ts';
import { logTail } from './log_tail.ts';

export interface RunPoints {
  /** New since the last call. @param isLast also the mean of the steps that do not fill a window @throws Failure `damaged-file`, `cannot-read` */
  more(isLast: boolean): Promise<Metric[]>;
  /** When the first epoch began, in milliseconds since 1970; undefined where no epoch has ended. */
  began(): number | undefined;
  /** When the last one ended. */
  ended(): number | undefined;
}

/** @param steps of the whole run, which decide over how many steps a mean is taken */
export function runPoints(folder: string, steps: number): RunPoints {
  const [epochLog, stepLog] = [logTail(folder, metricsFile), logTail(folder, stepsFile)];
  const epochs: EpochRecord[] = [];
  const found: { step: number; values: Readonly<Record<string, number>> }[] = [];
  const give = (step: number, group: string, values: Readonly<Record<string, number>>): void => {
    found.push({ step, values: Object.fromEntries(Object.entries(values).map(([k, v]) => [`${group}/${k}`, v])) });
  };
  let means: { readonly names: readonly string[]; readonly of: StepMeans } | undefined;
  let [last, changed] = [0, 0];
  return {
    async more(isLast) {
      const perStep = await stepLog.more();
      const perEpoch = await epochLog.more();
      for (const record of perStep.records) {
        const { step, ...values } = record as Record<string, number>;
        const norms = Object.entries(values).filter(([name]) => isNorm(name));
        const names = means?.names ?? Object.keys(values).filter((name) => !isNorm(name));
        means ??= { names, of: stepMeans(names, steps, (at, each) => give(at, 'step', each)) };
        const numbers = names.map((name) => values[name]);
        const all = [...numbers, ...norms.map(([, value]) => value)];
        if (!Number.isSafeInteger(step) || step! <= last || !all.every(Number.isFinite)) {
          throw failure('damaged-file', { path: join(folder, stepsFile), reason: `it has no step after ${last}` });
        }
        last = step!;
        means.of.add(step!, numbers as number[]);
        if (norms.length > 0) {
          found.push({
            step: last,
            values: Object.fromEntries(norms.map(([name, value]) => [trackedNorm(name), value])),
          });
        }
      }
      if (isLast) means?.of.end();
      for (const record of perEpoch.records) {
        await refuseUnlessValid('metrics', record, join(folder, metricsFile));
        const epoch = record as unknown as EpochRecord;
        epochs.push(epoch);
        give(epoch.step, 'epoch', { loss: epoch.loss, ...epoch.scalars });
        give(epoch.step, 'validation', epoch.validation ?? {});
        give(epoch.step, 'rate', epoch.rates);
        give(epoch.step, 'speed', { examples_per_second: epoch.examplesPerSecond });
        give(epoch.step, 'milliseconds', epoch.milliseconds);
      }
      changed = perEpoch.changed;
      const spans = spansOf(epochs, changed);
      const when = (step: number): number => timeOf(step, spans) ?? perStep.changed;
      return found
        .splice(0)
        .flatMap(({ step, values }) =>
          Object.entries(values).map(([name, value]) => ({ key: keyOf(name), value, timestamp: when(step), step })),
        );
    },
    began: () => spansOf(epochs, changed)[0]?.from,
    ended: () => (epochs.length === 0 ? undefined : changed),
  };
}

interface Span {
  readonly last: number;
  readonly from: number;
  readonly until: number;
}

/**
 * When the steps of each epoch were taken. The log has durations alone: the last epoch ended when its line was written, and the others
 * before it.
 */
function spansOf(epochs: readonly EpochRecord[], changed: number): Span[] {
  const spans: Span[] = [];
  let end = changed;
  for (const { step, milliseconds } of epochs.toReversed()) {
    const until = end - milliseconds.validation;
    end = until - milliseconds.total;
    spans.unshift({ last: step, from: Math.round(end), until });
  }
  return spans;
}

/** Undefined for a step whose epoch has not ended. */
function timeOf(step: number, spans: readonly Span[]): number | undefined {
  const at = spans.findIndex(({ last }) => step <= last);
  if (at === -1) return undefined;
  const { from, until, last } = spans[at]!;
  const first = spans[at - 1]?.last ?? 0;
  return Math.round(from + ((until - from) * (step - first)) / Math.max(1, last - first));
}
