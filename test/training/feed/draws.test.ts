/** `id(drop: …)`: which rows of a step read the unknown id. */
import { describe, expect, test } from 'vitest';
import type { Tensors } from '../../../src/engines/engine.ts';
import type { InputSource, RowsOf } from '../../../src/graph/plan/plan.ts';
import { makeIdDrop } from '../../../src/training/feed/draws.ts';
import { makeRowFeeder } from '../../../src/training/feed/feeder.ts';
import fc from '../../fast_check.ts';
import { eventRows, events, features, feederOf, makeTables, planOf } from './fixtures.ts';

const dropping = features.map((feature) => (feature.name === 'movie_id' ? { ...feature, drop: 0.5 } : feature));
const movie: InputSource = { from: 'embedding', feature: 'movie_id', pool: 'none', rows: eventRows };
const drawn: RowsOf = { kind: 'sampled', perRow: 2, by: 'frequency' };

describe('dropped ids', () => {
  test('are of the share that was asked for, and other ones each step, seed and kind of rows', () => {
    const plan = { ...dropping[1]!, drop: 0.1 };
    const places = (rows: RowsOf, seed: number, step: number): number[] =>
      makeIdDrop(plan, rows, seed)!.droppedPositions(20_000, step);
    const first = places(eventRows, 1, 1);
    expect(first.length / 20_000).toBeCloseTo(0.1, 2);
    expect(places(eventRows, 1, 1)).toEqual(first);
    for (const other of [places(eventRows, 1, 2), places(eventRows, 2, 1), places(drawn, 1, 1)]) {
      expect(other).not.toEqual(first);
      expect(other.length / 20_000).toBeCloseTo(0.1, 2);
    }
    expect(makeIdDrop(features[1]!, eventRows, 1)).toBeUndefined();
  });

  test('read row 0 of the table in training, and train it', () => {
    const tables = makeTables();
    const feeder = feederOf({ movie }, { tables, features: dropping });
    const rows = Int32Array.from({ length: 200 }, (_, i) => i % 6);
    const codes = [1, 3, 1, 4, 5, 1];
    const places = new Set(makeIdDrop(dropping[1]!, eventRows, 1)!.droppedPositions(200, 7));
    const data = [...feeder.inputs(rows, 7, { rate: 1 }).movie!.data];
    expect(data).toEqual([...rows].flatMap((row, at) => (places.has(at) ? [0, 0] : [codes[row]!, 10 * codes[row]!])));
    feeder.apply({ 'gradient:movie': { dtype: 'float32', shape: [200, 2], data: new Float32Array(400).fill(1) } });
    // Plain descent at rate 0.1: once for each row that read it.
    expect(tables.get('movie_id')!.values()[0]).toBeCloseTo(-0.1 * places.size, 4);
  });

  test('are whole where a tower works forward only', () => {
    const tables = makeTables();
    const feeder = makeRowFeeder({ plan: planOf({ movie }), columns: events.features, features: dropping, tables });
    expect([...feeder.inputs(Int32Array.of(0, 1, 2)).movie!.data]).toEqual([1, 10, 3, 30, 1, 10]);
  });

  test('are those of the sums by table too, whatever rows ask', () => {
    const places: InputSource = { from: 'table_places', feature: 'movie_id', rows: eventRows };
    const asked = fc.record({
      list: fc.array(fc.nat(5), { minLength: 1, maxLength: 40 }),
      step: fc.integer({ min: 1, max: 1000 }),
      seed: fc.nat(99),
    });
    fc.assert(
      fc.property(asked, ({ list, step, seed }) => {
        const feeder = feederOf({ movie, places }, { features: dropping, seed });
        const given: Tensors = feeder.inputs(Int32Array.from(list), step, { rate: 1 });
        // Rows of one place have one value, and of one value one place.
        const values = new Map<number, number>();
        list.forEach((_, at) => {
          const place = given.places!.data[at]!;
          const value = given.movie!.data[2 * at]!;
          expect(values.get(place) ?? value).toBe(value);
          values.set(place, value);
        });
        expect(new Set(values.values()).size).toBe(values.size);
        feeder.close();
      }),
    );
  });
});
