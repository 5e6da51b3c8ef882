/** One progress bar for the whole training on stderr, and one line per epoch. Without a terminal: only the lines. */
import type { ChosenPrecision } from '../../training/precision.ts';
import type { EpochRecord, TrainingEvent } from '../../training/training_events.ts';
import { makeBar } from './bar.ts';
import { say } from './report.ts';
import { makeShardsProgress, type ShardsProgress } from './shards_progress.ts';

export interface ProgressView {
  show(event: TrainingEvent): void;
  /** A message that comes at any time. */
  say(text: string): void;
  /** Of the passes over rows before the first step. */
  readonly passes: Pick<ShardsProgress, 'onPass' | 'onDecision'>;
  end(): void;
}

export function makeProgress(): ProgressView {
  const bar = makeBar('{epoch} {bar} {percentage}% · loss {loss} · {rate} examples/s · {left} left');
  const passes = makeShardsProgress();
  let isDrawn = false;
  /** Whether lines are of rounds of steps, not of epochs. */
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
        if (!process.stderr.isTTY) return;
        bar.start(event.steps, resumedAt ?? 0, { epoch: '', loss: '–', rate: '–', left: '–' });
        isDrawn = true;
      } else if (event.kind === 'step') {
        if (!isDrawn) return;
        bar.update(event.step, {
          epoch: inSteps ? `step ${event.step.toLocaleString('en')}` : `epoch ${event.epoch}`,
          loss: event.loss.toFixed(4),
          rate: thousands(event.examplesPerSecond),
          left: duration(event.secondsLeft),
        });
      } else if (event.kind === 'epoch') {
        const { epoch, step, loss, examplesPerSecond, validation, sample, best } = event.record;
        const when = inSteps ? `step ${step.toLocaleString('en')}` : `epoch ${epoch}`;
        const figures = Object.entries(validation ?? {}).slice(0, 3);
        const shownFigures = figures.map(([label, value]) => ` · ${label} ${value.toFixed(4)}`).join('');
        say(
          `${when}: loss ${loss.toFixed(4)} · ${thousands(examplesPerSecond)} examples/s${shownFigures}${sample ? sampleWords(sample) : ''}${best ? ' · best' : ''}`,
        );
      }
    },
    say,
    passes: { onPass: passes.onPass, onDecision: passes.onDecision },
    end() {
      passes.end();
      if (isDrawn) bar.stop();
      isDrawn = false;
    },
  };
}

/** `precision: bf16 (auto: avx512_bf16, and 412 million operations in a step)` */
const precisionWords = ({ precision, asked, because }: ChosenPrecision): string =>
  `precision: ${precision}${because === undefined ? '' : ` (${asked === 'auto' ? 'auto: ' : ''}${because})`}`;

/** That the figures are of a sample, and how large it is. */
const sampleWords = ({ rankings, of, per }: NonNullable<EpochRecord['sample']>): string =>
  ` · on a sample of ${rankings.toLocaleString('en')} of ${of.toLocaleString('en')} ${per}s`;

const thousands = (value: number): string => Math.round(value).toLocaleString('en');

/** `2 m 05 s` */
function duration(seconds: number): string {
  const wholeSeconds = Math.round(seconds);
  return wholeSeconds < 60
    ? `${wholeSeconds} s`
    : `${Math.floor(wholeSeconds / 60)} m ${String(wholeSeconds % 60).padStart(2, '0')} s`;
}
