/** Crop, mask and reorder against the same changes in plain arrays, one row at a time. */
import { describe, expect, test } from 'vitest';
import type { Sequence } from '../../../../src/compiler/library/contract.ts';
import { type ChangeShares, changeSequence } from '../../../../src/compiler/library/losses/change_sequence.ts';
import { makeBuilder } from '../../../../src/graph/builder.ts';
import { evaluateGraph } from '../../../../src/graph/evaluate.ts';
import { batch, floats, random, sequenceInput } from '../support.ts';

const length = 7;
const none = { crop: undefined, mask: undefined, reorder: undefined };

/** Rows with every number of elements; element t of a row is [t + 1]. */
function change(
  shares: Partial<ChangeShares>,
  drawn: { readonly change: number[][]; readonly order: number[][] },
): number[][] {
  const counts = drawn.order.map((_, row) => row % (length + 1));
  const builder = makeBuilder('change');
  const sequence = sequenceInput(builder, length, 1) as Sequence;
  const noise = (what: string, width: number) => builder.input(what, [batch, width]);
  const changed = changeSequence(builder, sequence, { ...none, ...shares }, noise);
  builder.output('mask', changed.mask);
  builder.output('x', changed.tensor);
  const graph = builder.finish();
  const elements = counts.map((count) => Array.from({ length }, (_, t) => (t < count ? t + 1 : 0)));
  const inputs = {
    x: floats([counts.length, length, 1], elements.flat()),
    mask: floats([counts.length, length], elements.flat().map(Math.sign)),
    change: floats([counts.length, 2], drawn.change.flat()),
    order: floats([counts.length, length], drawn.order.flat()),
  };
  const fed = Object.fromEntries(graph.inputs.map(({ name }) => [name, inputs[name as keyof typeof inputs]]));
  const { mask, x } = evaluateGraph(graph, fed, {}).outputs;
  return counts.map((_, row) => {
    const known = [...mask!.data.slice(row * length, (row + 1) * length)];
    const end = known.lastIndexOf(1) + 1;
    // Elements come first.
    expect(known).toEqual(Array.from({ length }, (_, t) => Number(t < end)));
    return [...x!.data.slice(row * length, row * length + end)];
  });
}

const rows = 64;
const numbers = (width: number, stream: number): number[][] => {
  const { data } = random([rows, width], stream, 0, 1);
  return Array.from({ length: rows }, (_, row) => [...data.slice(row * width, (row + 1) * width)]);
};
const draws = { change: numbers(2, 1), order: numbers(length, 2) };
const whole = (row: number): number[] => Array.from({ length: row % (length + 1) }, (_, t) => t + 1);
const floor = (share: number, count: number): number => Math.floor(share * count + 1e-4);
const beginOf = (row: number, size: number): number =>
  Math.floor(draws.change[row]![1]! * (whole(row).length - size + 1));
/** Elements in the order of their random numbers. */
const ordered = (row: number, some: readonly number[]): number[] =>
  some.toSorted((a, b) => draws.order[row]![a - 1]! - draws.order[row]![b - 1]!);

const expected: { readonly [K in keyof ChangeShares]: (row: number, share: number) => number[] } = {
  crop(row, share) {
    const size = Math.min(whole(row).length, Math.max(1, floor(share, whole(row).length)));
    return whole(row).slice(beginOf(row, size), beginOf(row, size) + size);
  },
  mask(row, share) {
    const gone = ordered(row, whole(row)).slice(0, floor(share, whole(row).length));
    return whole(row).map((each) => (gone.includes(each) ? 0 : each));
  },
  reorder(row, share) {
    const size = floor(share, whole(row).length);
    const begin = beginOf(row, size);
    const all = whole(row);
    return [...all.slice(0, begin), ...ordered(row, all.slice(begin, begin + size)), ...all.slice(begin + size)];
  },
};

describe.each(['crop', 'mask', 'reorder'] as const)('%s', (kind) => {
  test.each([0.3, 0.6, 0.95])('with the share %d is that of plain arrays', (share) => {
    expect(change({ [kind]: share }, draws)).toEqual(draws.order.map((_, row) => expected[kind](row, share)));
  });
});

test('equal numbers keep the order of the elements, so that no place is empty or has two', () => {
  const equal = { change: draws.change, order: draws.order.map((row) => row.map(() => 0.5)) };
  expect(change({ reorder: 1 }, equal)).toEqual(draws.order.map((_, row) => whole(row)));
});

test('a row takes one of the changes, each as likely, by its first number', () => {
  const shares = { crop: 0.6, mask: 0.3, reorder: 0.6 };
  const kinds = Object.keys(shares) as (keyof typeof shares)[];
  expect(change(shares, draws)).toEqual(
    draws.change.map(([choice], row) => {
      const kind = kinds[Math.floor(choice! * 3)]!;
      return expected[kind](row, shares[kind]);
    }),
  );
});

test('the largest number below 1 stays within the list', () => {
  const last = { change: draws.change.map(() => [0, 1 - 2 ** -24]), order: draws.order };
  expect(change({ crop: 0.5 }, last).map((row) => row.at(-1) ?? 0)).toEqual(
    draws.order.map((_, row) => row % (length + 1)),
  );
});
