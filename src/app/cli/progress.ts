/** Shows one line of progress for the whole training on stderr, and prints one line per epoch. Without a terminal there are only the lines. */
import { formatBytes } from '../../base/diagnostics/wording.ts';
import { passWords } from '../../data/shards/request.ts';
import type { ChosenPrecision, EpochRecord, TrainingEvent } from '../../training/train_options.ts';
import type { MemoryRequest, ShardDecision } from '../api/shards.ts';
import { printDiagnostic, say, showProgress } from './report.ts';

/** Milliseconds between two drawings of the line. */
const drawInterval = 100;

/** Makes a bar, which draws nothing without a terminal. At its last step it ends by itself, so that no full bar stands over what follows. */
function makeBar() {
  let drawnAt = Number.NEGATIVE_INFINITY;
  let progressStart = { what: '', at: 0, share: 0 };
  return {
    /** @param otherLines what the line shows if there is room, the most important first (default: the time that is left) */
    draw(what: string, done: number, total: number, otherLines?: readonly string[]): void {
      if (done >= total) {
        showProgress([]);
        return;
      }
      const [now, share] = [performance.now(), done / total];
      if (progressStart.what !== what && otherLines === undefined) progressStart = { what, at: now, share };
      if (now - drawnAt < drawInterval) return;
      drawnAt = now;
      const marks = '='.repeat(Math.floor(10 * share)).padEnd(10, '-');
      const secondsLeft = ((now - progressStart.at) / 1000 / (share - progressStart.share)) * (1 - share);
      const shown = otherLines ?? (share > progressStart.share ? [`${durationWords(secondsLeft)} left`] : []);
      showProgress([`${what} ${marks} ${Math.floor(100 * share)} %`, ...shown]);
    },
    end: () => showProgress([]),
  };
}

export function makeCountBar(what: string) {
  const bar = makeBar();
  return { count: (done: number, total: number) => bar.draw(what, done, total), end: bar.end };
}

export interface ProgressView {
  show(event: TrainingEvent): void;
  /** Shows the passes over rows before the first step. */
  readonly passes: Pick<ShardsProgress, 'onPass' | 'onDecision'>;
  end(): void;
}

export function makeProgress(): ProgressView {
  const bar = makeBar();
  const passes = makeShardsProgress();
  /** True if there is a line for each round of steps instead of each epoch. */
  let inSteps = false;
  return {
    show(event) {
      if (event.kind === 'started') {
        const { resumedAt, leftOut, withoutList, kept, precision } = event;
        if (kept)
          say(`kept ${kept.join(', ')}: Tower did not write ${kept.length === 1 ? 'this file' : 'these files'}`);
        if (resumedAt !== undefined) say(`resumed after step ${resumedAt}`);
        if (precision) say(precisionWords(precision));
        if (withoutList) say(`${withoutList} training rows have an empty list, so they are the target of no position`);
        if (leftOut > 0) say(`each epoch skips ${leftOut} rows, which are too few for a batch`);
        inSteps = event.round !== undefined;
        bar.draw('training', resumedAt ?? 0, event.steps, []);
      } else if (event.kind === 'fitting') {
        say(`fitting ${event.by}: about ${durationWords(event.seconds)}`);
      } else if (event.kind === 'step') {
        const { epoch, step, steps, loss, examplesPerSecond, secondsLeft } = event;
        bar.draw(inSteps ? `step ${thousands(step)}` : `epoch ${epoch}`, step, steps, [
          `${durationWords(secondsLeft)} left`,
          `loss ${loss.toFixed(4)}`,
          `${thousands(examplesPerSecond)} examples/s`,
        ]);
      } else if (event.kind === 'epoch') {
        const { epoch, step, loss, examplesPerSecond, validation, sample, best, alone = {}, warning } = event.record;
        const when = inSteps ? `step ${thousands(step)}` : `epoch ${epoch}`;
        const figures = Object.entries(validation ?? {}).slice(0, 3);
        const shownFigures = figures.map(([label, value]) => ` · ${label} ${value.toFixed(4)}`).join('');
        say(
          `${when}: loss ${loss.toFixed(4)} · ${thousands(examplesPerSecond)} examples/s${shownFigures}${sample ? sampleWords(sample) : ''}${best ? ' · best' : ''}`,
        );
        for (const [task, value] of Object.entries(alone)) say(`  by \`${task}\` alone ${value.toFixed(4)}`);
        if (warning) printDiagnostic({ ...warning, severity: 'warning', notes: [], fixes: [] });
      }
    },
    passes: { onPass: passes.onPass, onDecision: passes.onDecision },
    end() {
      passes.end();
      bar.end();
    },
  };
}

/** `precision: bf16 (auto: avx512_bf16, and 412 million operations in a step)` */
const precisionWords = ({ precision, asked: requestedPrecision, because }: ChosenPrecision): string =>
  `precision: ${precision}${because === undefined ? '' : ` (${requestedPrecision === 'auto' ? 'auto: ' : ''}${because})`}`;

/** Says that the figures are of a sample, and how large it is. */
const sampleWords = ({ rankings, of, per }: NonNullable<EpochRecord['sample']>): string =>
  ` · on a sample of ${rankings.toLocaleString('en')} of ${of.toLocaleString('en')} ${per}s`;

const thousands = (value: number): string => Math.round(value).toLocaleString('en');

/** `2 m 05 s`, `1 h 05 m` */
export function durationWords(seconds: number): string {
  const wholeSeconds = Math.round(seconds);
  if (wholeSeconds < 60) return `${wholeSeconds} s`;
  const [larger, smaller, names] =
    wholeSeconds < 3600
      ? [wholeSeconds / 60, wholeSeconds % 60, 'ms']
      : [wholeSeconds / 3600, (wholeSeconds / 60) % 60, 'hm'];
  return `${Math.floor(larger)} ${names[0]} ${String(Math.floor(smaller)).padStart(2, '0')} ${names[1]}`;
}

/** Shows one line of progress for the passes over rows on stderr, and prints one line about where the rows go. */
interface ShardsProgress extends Required<Pick<MemoryRequest, 'onPass' | 'onDecision'>> {
  end(): void;
}

export function makeShardsProgress(): ShardsProgress {
  const bar = makeBar();
  return {
    onPass: ({ pass, done, total }) => bar.draw(passWords[pass], done, total),
    onDecision(decision) {
      bar.end();
      say(decisionWords(decision));
    },
    end: bar.end,
  };
}

export function decisionWords({ rows, needed, memory, folder, reused, continues }: ShardDecision): string {
  const why = needed === undefined ? '' : `the process takes about ${formatBytes(needed)}, of ${formatBytes(memory)}`;
  if (rows === 'memory') return `rows: in memory (${why})`;
  if (reused) return `rows: in shards that are there already, in ${folder}`;
  if (continues) {
    return `rows: in shards, in ${folder} (the passes go on where they were stopped: ${continues.done} of ${continues.of} buckets are done)`;
  }
  return `rows: in shards, in ${folder} (in memory ${why})`;
}
