/** A table that takes over the rows of another one, with the state of its optimizer. */
import { describe, expect, it } from 'vitest';
import { isChunked, type Numbers, numberKindOf, type StoredNumbers } from '../../src/base/storage/tensor_header.ts';
import { type Growth, prepareTakeOver } from '../../src/training/base.ts';
import { makeTable, type Table } from '../../src/training/embedding/table.ts';
import { makePlan } from './fixture_plan.ts';

const { embeddings } = makePlan().train;
const dim = 4;

function tableOf(rows: number, seed: number, precision?: 'bf16'): Table {
  const optimizer = { ...embeddings, kind: 'adam' as const };
  const table = makeTable({ name: 'films', rows, dim, optimizer, ...(precision ? { precision } : {}) });
  table.initialize(seed, 0.5);
  return table;
}
const numbersIn = (numbers: Numbers): number[] => {
  if (!isChunked(numbers)) return [...numbers];
  const copy = numbers.kind === 'I32' ? new Int32Array(numbers.length) : new Float32Array(numbers.length);
  numbers.read(0, copy);
  return [...copy];
};
const rowsOf = (numbers: Numbers, rows: number): number[][] => {
  const all = numbersIn(numbers);
  const width = all.length / rows;
  return Array.from({ length: rows }, (_, row) => all.slice(row * width, (row + 1) * width));
};

/** In pieces of two rows, as a file is read. */
function writePieces(into: Numbers, from: StoredNumbers): void {
  if (!isChunked(into)) {
    into.set(from);
    return;
  }
  expect([into.length, into.kind]).toEqual([from.length, numberKindOf(from)]);
  const most = 2 * into.width;
  for (let at = 0; at < from.length; at += most) into.write(at, from.slice(at, at + most));
}

describe.each([undefined, 'bf16'] as const)('a table of %s', (precision) => {
  const before = tableOf(3, 1, precision);
  const state = Object.fromEntries(
    Object.entries(before.stateNumbers()).map(([slot, numbers]) => {
      const counted = Array.from({ length: numbers.length }, (_, at) => at + 1);
      return [slot, slot === 'steps' ? Int32Array.from(counted) : Float32Array.from(counted)] as const;
    }),
  );
  const was = { values: Float32Array.from(before.read()), state };
  const old = rowsOf(was.values, 3);
  const grow = (table: Table, growth: Omit<Growth, 'rows'>): void => {
    const { values, state: slots, fillNewRows: end } = prepareTakeOver(table, { rows: 3, ...growth });
    writePieces(values, was.values);
    for (const [slot, numbers] of Object.entries(slots)) writePieces(numbers, was.state[slot]!);
    end();
  };

  it('has old rows where they are now, and new ones at their first values and without a step', () => {
    const table = tableOf(4, 2, precision);
    const first = rowsOf(table.numbers(), 4);
    grow(table, { rowsBefore: Int32Array.of(0, -1, 2, 1) });
    expect(rowsOf(table.numbers(), 4)).toEqual([old[0], first[1], old[2], old[1]]);
    for (const [slot, numbers] of Object.entries(table.stateNumbers())) {
      // Of a table that rounds at random: which draw is the next.
      if (numbers.length < 4) {
        expect(numbersIn(numbers)).toEqual([...state[slot]!]);
        continue;
      }
      const [zero, added, two, one] = rowsOf(numbers, 4);
      expect([zero, one, two]).toEqual(rowsOf(state[slot]!, 3));
      expect(added).toEqual(added!.map(() => 0));
    }
  });

  it('starts new rows as another one, but for those that have values of their own', () => {
    const table = tableOf(4, 2, precision);
    const first = rowsOf(table.numbers(), 4);
    grow(table, { rowsBefore: Int32Array.of(0, -1, -1, 1), copiedRow: 0, keptRows: new Set([2]) });
    expect(rowsOf(table.numbers(), 4)).toEqual([old[0], old[0], first[2], old[1]]);
  });

  it('is the same where all rows are where they were, and smaller where some have left', () => {
    const same = tableOf(3, 2, precision);
    grow(same, {});
    expect(rowsOf(same.numbers(), 3)).toEqual(old);
    const smaller = tableOf(2, 2, precision);
    grow(smaller, { rowsBefore: Int32Array.of(0, 2) });
    expect(rowsOf(smaller.numbers(), 2)).toEqual([old[0], old[2]]);
    const one = tableOf(1, 2, precision);
    grow(one, { rowsBefore: Int32Array.of(0) });
    expect(rowsOf(one.numbers(), 1)).toEqual([old[0]]);
    for (const [slot, numbers] of Object.entries(one.stateNumbers())) {
      const was = [...state[slot]!];
      expect(numbersIn(numbers), slot).toEqual(was.slice(0, numbers.length));
    }
  });
});
