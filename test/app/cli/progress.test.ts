import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { durationWords, makeProgress } from '../../../src/app/cli/progress.ts';
import type { EpochRecord } from '../../../src/training/train_options.ts';

let written: string;
const { isTTY } = process.stderr;
beforeEach(() => {
  written = '';
  vi.useFakeTimers();
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.stderr.isTTY = isTTY;
  vi.useRealTimers();
});

const started = { kind: 'started', rows: 100, batch: 10, epochs: 2, stepsOfEpoch: 10, steps: 20, leftOut: 0 } as const;
const step = { kind: 'step', epoch: 1, stepOfEpoch: 5, step: 5, steps: 20, loss: 0.12345 } as const;
const record: EpochRecord = {
  epoch: 1,
  step: 10,
  loss: 0.1,
  scalars: {},
  rows: 100,
  rates: { dense: 0.001, embeddings: 0.05 },
  examplesPerSecond: 12_345.6,
  milliseconds: { total: 1, feed: 0, engine: 1, scatter: 0, validation: 0 },
  validation: { 'recall@50': 0.5 },
  best: true,
};

describe('progress', () => {
  it('prints what a validation says about the run', () => {
    process.stderr.isTTY = false;
    const warning = {
      code: 'ranks-below-popularity',
      message: 'the loss falls, but',
      hint: 'lower the rates',
    } as const;
    makeProgress().show({ kind: 'epoch', record: { ...record, warning } });
    expect(written).toMatch(
      / · best\nwarning: the loss falls, but \[ranks-below-popularity\]\n +hint: lower the rates\n$/,
    );
  });

  it('on a terminal is a bar with loss, examples a second and time left, and a line an epoch', () => {
    process.stderr.isTTY = true;
    const progress = makeProgress();
    progress.show({ ...started, resumedAt: 3, leftOut: 2, withoutList: 7 });
    vi.advanceTimersByTime(500);
    progress.show({ ...step, examplesPerSecond: 12_345.6, secondsLeft: 125 });
    progress.show({ kind: 'epoch', record });
    progress.end();
    expect(written).toContain('resumed after step 3\n');
    expect(written).toContain('each epoch skips 2 rows');
    expect(written).toContain('7 training rows have an empty list, so they are the target of no position\n');
    expect(written).toContain('\repoch 1 ==-------- 25 % · 2 m 05 s left · loss 0.1235 · 12,346 examples/s\x1b[K');
    expect(written).toContain('epoch 1: loss 0.1000 · 12,346 examples/s · recall@50 0.5000 · best\n');
    // The line is erased, so nothing stands before what follows.
    expect(written.endsWith('\r\x1b[K')).toBe(true);
  });

  it('counts steps where validation does, and says that figures are of a sample', () => {
    process.stderr.isTTY = false;
    const progress = makeProgress();
    progress.show({ ...started, round: 5 });
    const sample = { rankings: 2000, of: 12_345, per: 'user' } as const;
    progress.show({ kind: 'epoch', record: { ...record, step: 1500, sample } });
    progress.end();
    expect(written).toBe(
      'step 1,500: loss 0.1000 · 12,346 examples/s · recall@50 0.5000 · on a sample of 2,000 of 12,345 users · best\n',
    );
  });

  it('elsewhere is a line an epoch alone', () => {
    process.stderr.isTTY = false;
    const progress = makeProgress();
    progress.show(started);
    progress.show({ ...step, examplesPerSecond: 1, secondsLeft: 1 });
    vi.advanceTimersByTime(500);
    progress.show({ kind: 'epoch', record });
    progress.end();
    expect(written).toBe('epoch 1: loss 0.1000 · 12,346 examples/s · recall@50 0.5000 · best\n');
  });

  it('drops what a narrow terminal has no room for, the least important first', () => {
    process.stderr.isTTY = true;
    const { columns } = process.stderr;
    process.stderr.columns = 40;
    const progress = makeProgress();
    progress.show({ ...step, examplesPerSecond: 1, secondsLeft: 7325 });
    progress.end();
    process.stderr.columns = columns;
    expect(written).toBe('\repoch 1 ==-------- 25 % · 2 h 02 m left\x1b[K\r\x1b[K');
  });

  it('says the time that is left', () => {
    expect([0, 9, 75, 3600, 7325].map(durationWords)).toEqual(['0 s', '9 s', '1 m 15 s', '1 h 00 m', '2 h 02 m']);
  });
});
