/** A gate lets bursts wait, and refuses what waits behind a load that does not end. */
import { expect, it, vi } from 'vitest';
import { makeGate } from '../../src/server/gate.ts';

const pause = (milliseconds: number): Promise<void> => new Promise((later) => setTimeout(later, milliseconds));
const outcome = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'answered',
    (error: { readonly status?: number }) => String(error.status),
  );

it('answers a whole burst, in the order of arrival', async () => {
  // No time passes, whatever else the machine does.
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    const gate = makeGate({ running: 1, waiting: 20 });
    const order: number[] = [];
    const asked = Array.from({ length: 20 }, (_, at) => outcome(gate.pass(async () => order.push(at), 1000)));
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 20 }, () => 'answered'));
    expect(order).toEqual([...order.keys()]);
  } finally {
    vi.useRealTimers();
  }
});

it('refuses what has waited longer than answers take, once the queue has not been empty for long', async () => {
  const gate = makeGate({ running: 1, waiting: 1000 });
  const work = (): Promise<void> => pause(10);
  const asked: Promise<string>[] = [];
  // Twice what it can do, for half a second.
  for (let at = 0; at < 100; at++) {
    asked.push(outcome(gate.pass(work, 5000)));
    await pause(5);
  }
  const outcomes = await Promise.all(asked);
  const refused = outcomes.filter((each) => each === '503').length;
  expect(refused).toBeGreaterThan(10);
  expect(outcomes.filter((each) => each === 'answered').length).toBe(100 - refused);
  // Nobody waits any more: a new one is answered.
  expect(await outcome(gate.pass(work, 5000))).toBe('answered');
});

it('says that it is full before it takes a body', async () => {
  const gate = makeGate({ running: 1, waiting: 1 });
  let release = (): void => {};
  const until = new Promise<void>((resolve) => (release = resolve));
  const asked = [outcome(gate.pass(() => until, 1000))];
  expect(gate.isFull).toBe(false);
  asked.push(outcome(gate.pass(async () => {}, 1000)));
  expect(gate.isFull).toBe(true);
  expect(await outcome(gate.pass(async () => {}, 1000))).toBe('503');
  release();
  expect(await Promise.all(asked)).toEqual(['answered', 'answered']);
  expect(gate.isFull).toBe(false);
});

it('counts what waits unread: refuses late in long turns, never the first of a turn, and nobody after a pause', async () => {
  const gate = makeGate({ running: 4, waiting: 1000 });
  const busy = async (): Promise<void> => {
    for (const until = performance.now() + 2; performance.now() < until; );
  };
  /** Bodies that arrived together, each answered before the next is read. */
  const turn = async (count: number): Promise<string[]> => {
    const outcomes: string[] = [];
    for (let at = 0; at < count; at++) outcomes.push(await outcome(gate.pass(busy, 60_000)));
    return outcomes;
  };
  const turns: string[][] = [];
  for (let at = 0; at < 8; at++) {
    turns.push(await turn(40));
    await new Promise(setImmediate);
  }
  for (const outcomes of turns) expect(outcomes.slice(0, 3)).toEqual(['answered', 'answered', 'answered']);
  expect(turns.slice(4).flat()).toContain('503');
  // Longer than the gate is strict.
  await pause(1100);
  expect(await turn(4)).toEqual(['answered', 'answered', 'answered', 'answered']);
});

/** Twice what a gate of one at a time can do, until it refuses: milliseconds that this took. */
async function loadUntilRefused(gate: ReturnType<typeof makeGate>): Promise<number> {
  const start = performance.now();
  for (let isRefused = false; !isRefused && performance.now() - start < 60_000; ) {
    void outcome(gate.pass(() => pause(10), 60_000)).then((each) => (isRefused ||= each === '503'));
    await pause(5);
  }
  return performance.now() - start;
}

it('lets nobody wait while a load goes on, and bodies wait again after it', async () => {
  const gate = makeGate({ running: 1, waiting: 1000 });
  await loadUntilRefused(gate);
  while (gate.running > 0) await pause(1);
  const first = outcome(gate.pass(() => pause(20), 5000));
  expect(await outcome(gate.pass(() => pause(1), 5000))).toBe('503');
  expect([await first, gate.waiting]).toEqual(['answered', 0]);
  await pause(1100);
  const both = [0, 1].map(() => outcome(gate.pass(() => pause(1), 5000)));
  expect(await Promise.all(both)).toEqual(['answered', 'answered']);
});

it('lets a burst wait that comes after a long turn and a pause', async () => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
  try {
    const gate = makeGate({ running: 1, waiting: 1000 });
    const work = async (): Promise<void> => void vi.advanceTimersByTime(25);
    // One turn of the event loop.
    for (let at = 0; at < 4; at++) await gate.pass(work, 5000);
    await new Promise(setImmediate);
    vi.advanceTimersByTime(60_000);
    const burst = [0, 1, 2].map(() => outcome(gate.pass(() => pause(40), 5000)));
    await vi.advanceTimersByTimeAsync(1000);
    expect(await Promise.all(burst)).toEqual(['answered', 'answered', 'answered']);
  } finally {
    vi.useRealTimers();
  }
});
