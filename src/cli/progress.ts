/** One progress bar for the whole training on stderr, and one line per epoch. Without a terminal: only the lines. */
import { SingleBar } from 'cli-progress';
import type { TrainingEvent } from '../training/training_events.ts';
import { say } from './report.ts';

export interface ProgressView {
  show(event: TrainingEvent): void;
  end(): void;
}

export function makeProgress(): ProgressView {
  const bar = new SingleBar({
    format: 'epoch {epoch} {bar} {percentage}% · loss {loss} · {rate} examples/s · {left} left',
    barsize: 24,
    clearOnComplete: true,
    hideCursor: true,
    stream: process.stderr,
    noTTYOutput: false,
  });
  let drawn = false;
  /** A line above the bar. */
  const line = (text: string): void => {
    if (drawn) process.stderr.write('\r\x1b[K');
    say(text);
  };
  return {
    show(event) {
      if (event.kind === 'started') {
        const { resumedAt, leftOut, withoutList, kept } = event;
        if (kept)
          say(`kept ${kept.join(', ')}: Tower did not write ${kept.length === 1 ? 'this file' : 'these files'}`);
        if (resumedAt !== undefined) say(`resumed after step ${resumedAt}`);
        if (withoutList) say(`${withoutList} training rows have an empty list, so they are the target of no position`);
        if (leftOut > 0) say(`each epoch skips ${leftOut} rows, which are too few for a batch`);
        if (!process.stderr.isTTY) return;
        const total = event.epochs * event.stepsOfEpoch;
        bar.start(total, resumedAt ?? 0, { epoch: '', loss: '–', rate: '–', left: '–' });
        drawn = true;
      } else if (event.kind === 'step') {
        if (!drawn) return;
        bar.update(event.step, {
          epoch: event.epoch,
          loss: event.loss.toFixed(4),
          rate: thousands(event.examplesPerSecond),
          left: duration(event.secondsLeft),
        });
      } else if (event.kind === 'epoch') {
        const { epoch, loss, examplesPerSecond, validation, best } = event.record;
        const figures = Object.entries(validation ?? {}).slice(0, 3);
        const shown = figures.map(([label, value]) => ` · ${label} ${value.toFixed(4)}`).join('');
        line(
          `epoch ${epoch}: loss ${loss.toFixed(4)} · ${thousands(examplesPerSecond)} examples/s${shown}${best ? ' · best' : ''}`,
        );
      }
    },
    end() {
      if (drawn) bar.stop();
      drawn = false;
    },
  };
}

const thousands = (value: number): string => Math.round(value).toLocaleString('en');

/** `2 m 05 s` */
function duration(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} m ${String(whole % 60).padStart(2, '0')} s`;
}
