/** A gate lets some requests work and some wait, in order, by their cost, and refuses the others. No test measures a time. */
import { expect, it, vi } from 'vitest';
import { makeGate } from '../../../src/serving/server/request_gate.ts';

const outcome = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'answered',
    (error: { readonly status?: number }) => String(error.status),
  );
const long = { milliseconds: 60_000 };

/** Work that lasts until it is released. */
function held() {
  let release = (): void => {};
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { work: () => until, release: () => release() };
}

it('answers a burst that the queue holds, in the order of arrival', async () => {
  const gate = makeGate({ running: 1, waiting: 19 });
  const order: number[] = [];
  const asked = Array.from({ length: 20 }, (_, at) => outcome(gate.pass(async () => order.push(at), long)));
  expect(await Promise.all(asked)).toEqual(Array.from({ length: 20 }, () => 'answered'));
  expect(order).toEqual([...order.keys()]);
});

it('refuses before it takes a body what it would refuse after it', async () => {
  const gate = makeGate({ running: 1, waiting: 1 });
  const { work, release } = held();
  const asked = [outcome(gate.pass(work, long))];
  gate.refuseIfFull();
  asked.push(outcome(gate.pass(async () => {}, long)));
  expect(() => gate.refuseIfFull()).toThrow('more requests than it can answer');
  expect(await outcome(gate.pass(async () => {}, long))).toBe('503');
  expect([gate.running, gate.waiting]).toEqual([1, 1]);
  release();
  expect(await Promise.all(asked)).toEqual(['answered', 'answered']);
  gate.refuseIfFull();
  expect([gate.running, gate.waiting]).toEqual([0, 0]);
});

it('lets nobody wait where none may', async () => {
  const gate = makeGate({ running: 1, waiting: 0 });
  const { work, release } = held();
  const asked = outcome(gate.pass(work, long));
  expect(await outcome(gate.pass(work, long))).toBe('503');
  release();
  expect(await asked).toBe('answered');
});

it('counts a request by its cost: a large one works alone, and others wait for it', async () => {
  const gate = makeGate({ running: 4, waiting: 6 });
  const [large, small] = [held(), held()];
  const asked = [outcome(gate.pass(large.work, { ...long, cost: 1000 }))];
  expect(gate.running).toBe(4);
  asked.push(
    outcome(gate.pass(small.work, { ...long, cost: 3 })),
    outcome(gate.pass(small.work, { ...long, cost: 3 })),
  );
  expect(gate.waiting).toBe(6);
  expect(await outcome(gate.pass(small.work, long))).toBe('503');
  large.release();
  expect(await asked[0]).toBe('answered');
  // Both together would be more than may work.
  expect([gate.running, gate.waiting]).toEqual([3, 3]);
  small.release();
  expect(await Promise.all(asked)).toEqual(['answered', 'answered', 'answered']);
});

it('takes a large request that is the first to wait, whatever it costs', async () => {
  const gate = makeGate({ running: 8, waiting: 2 });
  const { work, release } = held();
  const asked = [outcome(gate.pass(work, long)), outcome(gate.pass(async () => {}, { ...long, cost: 8 }))];
  expect(gate.waiting).toBe(8);
  release();
  expect(await Promise.all(asked)).toEqual(['answered', 'answered']);
});

it('lets only as many wait as are in work while a load goes on, and a burst again after it', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    const gate = makeGate({ running: 1, waiting: 3 });
    let { work, release } = held();
    const fill = (count: number) => Array.from({ length: count }, () => outcome(gate.pass(work, long)));
    const answered = Array.from({ length: 4 }, () => 'answered');
    const burst = fill(4);
    expect(await outcome(gate.pass(work, long))).toBe('503');
    release();
    expect(await Promise.all(burst)).toEqual(answered);
    ({ work, release } = held());
    vi.advanceTimersByTime(900);
    const [first, second, third] = fill(3);
    expect(await third).toBe('503');
    release();
    expect(await Promise.all([first, second])).toEqual(['answered', 'answered']);
    ({ work, release } = held());
    vi.advanceTimersByTime(1000);
    const later = fill(4);
    release();
    expect(await Promise.all(later)).toEqual(answered);
  } finally {
    vi.useRealTimers();
  }
});

it('refuses at the deadline what waits, and lets those behind it begin', async () => {
  const gate = makeGate({ running: 2, waiting: 4 });
  const { work, release } = held();
  const first = outcome(gate.pass(work, long));
  const late = outcome(gate.pass(async () => {}, { milliseconds: 1, cost: 2 }));
  const behind = outcome(gate.pass(async () => {}, long));
  expect(await Promise.all([late, behind])).toEqual(['504', 'answered']);
  release();
  expect(await first).toBe('answered');
});

it('tells work whose deadline has passed, and waits until it ends', async () => {
  const gate = makeGate({ running: 1, waiting: 1 });
  const { work, release } = held();
  let late: (() => boolean) | undefined;
  const asked = outcome(
    gate.pass(
      (isLate) => {
        late = isLate;
        return work();
      },
      { milliseconds: 1 },
    ),
  );
  expect(await asked).toBe('504');
  expect([late!(), gate.running]).toEqual([true, 1]);
  release();
  await work();
  await new Promise(setImmediate);
  expect(gate.running).toBe(0);
});
