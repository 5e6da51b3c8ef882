import { describe, expect, test } from 'vitest';
import type { DrawKind } from '../../../../src/graph/plan/plan.ts';
import { eventRows, feederOf, numbersOf } from '../fixtures.ts';

const drawn = (by: DrawKind) => ({ kind: 'shared', count: 6, by }) as const;
const expectLogs = (actual: readonly number[], shares: readonly number[]): void => {
  expect(actual.length).toBe(shares.length);
  actual.forEach((value, at) => {
    expect(value).toBeCloseTo(Math.log(shares[at]!), 5);
  });
};

describe('log q of a mixture', () => {
  // Items a b c d have 3 0 1 1 training events of 5; rows 0 1 4 2 are of a, c, one that is not in the corpus, a.
  const rows = [0, 1, 4, 2];
  const source = { from: 'log_q', key: 'movie_id', estimator: 'frequency', rows: eventRows } as const;

  // Three items are in training, four in the corpus.
  test.each([
    ['uniform', 1 / 3],
    ['corpus', 1 / 4],
  ] as const)('with even draws, %s: of B columns by share and n by chance, (B q + n/items) ÷ (B + n)', (by, chance) => {
    const of = (share: number, drawn: number): number => (4 * share + 6 * drawn) / 10;
    expectLogs(numbersOf({ ...source, mixed: drawn(by) }, rows).data, [
      of(3 / 5, chance),
      of(1 / 5, chance),
      of(1 / 5, 0),
      of(3 / 5, chance),
    ]);
  });

  test('with draws by frequency it is the share itself, where an item has any', () => {
    expectLogs(numbersOf({ ...source, mixed: drawn('frequency') }, [0, 1]).data, [3 / 5, 1 / 5]);
  });

  test('of the drawn columns is by their corpus rows, and finite for items that no event has', () => {
    const feeder = feederOf({
      codes: { from: 'embedding', feature: 'movie_id', pool: 'none', rows: drawn('corpus') },
      q: { ...source, rows: drawn('corpus'), mixed: drawn('corpus') },
    });
    const { codes, q } = feeder.inputs(Int32Array.from(rows), 2, { rate: 1 });
    const counts = [3, 1, 1, 1];
    const items = Array.from({ length: 6 }, (_, i) => codes!.data[2 * i]! - 1);
    expectLogs(
      [...q!.data],
      items.map((item) => (4 * (counts[item]! / 5) + 6 / 4) / 10),
    );
  });

  test('weighs an item less than the batch alone where draws are even and it is popular, and more where it is rare', () => {
    const alone = numbersOf(source, rows).data;
    const mixed = numbersOf({ ...source, mixed: drawn('uniform') }, rows).data;
    expect(mixed[0]!).toBeLessThan(alone[0]!);
    expect(mixed[1]!).toBeGreaterThan(alone[1]!);
  });

  test('by streaming takes the estimate for what a batch holds of the item', () => {
    const streaming = { ...source, estimator: 'streaming' } as const;
    const perBatch = Math.exp(numbersOf(streaming, [0, 1]).data[0]!);
    const { data } = numbersOf({ ...streaming, mixed: drawn('uniform') }, [0, 1]);
    expect(data[0]).toBeCloseTo(Math.log((perBatch + 6 / 3) / 8), 5);
  });
});
