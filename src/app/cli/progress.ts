/** Shows one progress bar for the whole training on stderr, and prints one line per epoch. Without a terminal there are only the lines. */
import { SingleBar } from 'cli-progress';
import { renderOne } from '../../base/diagnostics/render.ts';
import { bytesWords } from '../../base/diagnostics/wording.ts';
import { passWords } from '../../data/shards/request.ts';
import type { ChosenPrecision } from '../../training/fitted_step.ts';
import type { EpochRecord, TrainingEvent } from '../../training/training_events.ts';
import type { MemoryRequest, PassEvent, ShardDecision } from '../api/shards.ts';
import { colour, say, setBar } from './report.ts';

// Progress bars on stderr have the same look. A bar is on the last line; other output is printed above it.

/** Formats the remaining time of a progress bar. Before the first progress, cli-progress passes `NULL` and `INF` instead of seconds. */
export function leftWords(given: number | string): string {
  const seconds = Number(given);
  if (!Number.isFinite(seconds)) return '?';
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  if (hours > 0) return `${hours}h${minutes}m`;
  return minutes > 0 ? `${minutes}m${Math.floor(seconds % 60)}s` : `${Math.floor(seconds)}s`;
}

/** Keeps cli-progress from ending at the line where it began: other output stands there by then, since the bar has moved down. */
const withoutSavedCursor: NodeJS.WriteStream = Object.create(process.stderr, {
  write: { value: (text: string) => ['\x1b7', '\x1b8'].includes(text) || process.stderr.write(text) },
});

/** Makes a bar, which draws nothing without a terminal. @param format as cli-progress reads it */
function makeBar(format: string): SingleBar {
  const bar = new SingleBar({
    format,
    barsize: 16,
    clearOnComplete: true,
    hideCursor: true,
    stream: withoutSavedCursor,
    noTTYOutput: false,
    // Cuts the bar at the width of the terminal. Without this, the terminal would cut all lines while the bar is shown.
    linewrap: true,
    // A printed line erases the bar, so it is redrawn.
    forceRedraw: true,
    formatTime: leftWords,
  });
  bar.on('start', () => setBar(true));
  bar.on('stop', () => setBar(false));
  return bar;
}

interface CountBar {
  /** Draws nothing without a terminal. */
  count(done: number, of: number): void;
  end(): void;
}

export function makeCountBar(what: string): CountBar {
  const bar = makeBar(`{bar} {percentage}% · {value} of {total} ${what} · {eta_formatted} left`);
  let isDrawn = false;
  return {
    count(done, of) {
      if (!process.stderr.isTTY) return;
      if (!isDrawn) bar.start(of, 0);
      isDrawn = true;
      bar.update(done);
    },
    end() {
      if (isDrawn) bar.stop();
      isDrawn = false;
    },
  };
}

export interface ProgressView {
  show(event: TrainingEvent): void;
  /** Prints a message at any time. */
  say(text: string): void;
  /** Shows the passes over rows before the first step. */
  readonly passes: Pick<ShardsProgress, 'onPass' | 'onDecision'>;
  end(): void;
}

export function makeProgress(): ProgressView {
  const bar = makeBar('{epoch} {bar} {percentage}% · loss {loss} · {rate} examples/s · {left} left');
  const passes = makeShardsProgress();
  let isDrawn = false;
  /** True if there is a line for each round of steps instead of each epoch. */
  let inSteps = false;
  return {
    show(event) {
      if (event.kind === 'started') {
        const { resumedAt, leftOut, withoutList, kept, precision, onHost } = event;
        if (kept)
          say(`kept ${kept.join(', ')}: Tower did not write ${kept.length === 1 ? 'this file' : 'these files'}`);
        if (resumedAt !== undefined) say(`resumed after step ${resumedAt}`);
        if (precision) say(precisionWords(precision));
        if (onHost !== undefined) say(`tables: on the host, because ${onHost}`);
        if (withoutList) say(`${withoutList} training rows have an empty list, so they are the target of no position`);
        if (leftOut > 0) say(`each epoch skips ${leftOut} rows, which are too few for a batch`);
        inSteps = event.round !== undefined;
        if (!process.stderr.isTTY) return;
        bar.start(event.steps, resumedAt ?? 0, { epoch: '', loss: '–', rate: '–', left: '–' });
        isDrawn = true;
      } else if (event.kind === 'fitting') {
        say(`fitting ${event.by}: about ${duration(event.seconds)}`);
      } else if (event.kind === 'step') {
        if (!isDrawn) return;
        bar.update(event.step, {
          epoch: inSteps ? `step ${event.step.toLocaleString('en')}` : `epoch ${event.epoch}`,
          loss: event.loss.toFixed(4),
          rate: thousands(event.examplesPerSecond),
          left: duration(event.secondsLeft),
        });
      } else if (event.kind === 'epoch') {
        const { epoch, step, loss, examplesPerSecond, validation, sample, best, warning } = event.record;
        const when = inSteps ? `step ${step.toLocaleString('en')}` : `epoch ${epoch}`;
        const figures = Object.entries(validation ?? {}).slice(0, 3);
        const shownFigures = figures.map(([label, value]) => ` · ${label} ${value.toFixed(4)}`).join('');
        say(
          `${when}: loss ${loss.toFixed(4)} · ${thousands(examplesPerSecond)} examples/s${shownFigures}${sample ? sampleWords(sample) : ''}${best ? ' · best' : ''}`,
        );
        if (warning) say(renderOne({ ...warning, severity: 'warning', notes: [], fixes: [] }, { colour }));
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

/** Says that the figures are of a sample, and how large it is. */
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

/** Shows one progress bar for the passes over rows on stderr, and prints one line about where the rows go. Without a terminal there is only the line. */
interface ShardsProgress extends Required<Pick<MemoryRequest, 'onPass' | 'onDecision'>> {
  end(): void;
}

export function makeShardsProgress(): ShardsProgress {
  const bar = makeBar('{pass} {bar} {percentage}% · {eta_formatted} left');
  let drawnPass: PassEvent['pass'] | undefined;
  const endBar = (): void => {
    if (drawnPass) bar.stop();
    drawnPass = undefined;
  };
  return {
    onPass({ pass, done, total }) {
      if (!process.stderr.isTTY) return;
      if (drawnPass !== pass) {
        endBar();
        bar.start(total, done, { pass: passWords[pass] });
        drawnPass = pass;
      }
      bar.update(done);
      if (done === total) endBar();
    },
    onDecision(decision) {
      endBar();
      say(decisionWords(decision));
    },
    end: endBar,
  };
}

export function decisionWords({ rows, needed, memory, folder, reused, continues }: ShardDecision): string {
  const why = needed === undefined ? '' : `about ${bytesWords(needed)} with tables, of ${bytesWords(memory)}`;
  if (rows === 'memory') return `rows: in memory (${why})`;
  if (reused) return `rows: in shards that are there already, in ${folder}`;
  if (continues) {
    return `rows: in shards, in ${folder} (the passes go on where they were stopped: ${continues.done} of ${continues.of} buckets are done)`;
  }
  return `rows: in shards, in ${folder} (in memory they take ${why})`;
}
