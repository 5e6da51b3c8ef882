/** Facts of tables that follow one another are those of a table that is made anew, in the same order. */
import { describe, expect, it } from 'vitest';
import { Facts } from '../../src/kept/facts.ts';
import { Picked } from '../../src/kept/picked.ts';
import { changesOf, revised, sharedNames, type Table } from '../../src/kept/revised.ts';
import { randomOf } from '../fuzz/edits.ts';

const first = (): Table<number> => new Map(Array.from({ length: 40 }, (_, at) => [`n${at}`, at]));

describe('a table that follows another', () => {
  it('is the same table where no value is another', () => {
    const table = first();
    expect(revised(table, [['n3', 3]])).toBe(table);
    const next = revised(table, [
      ['n3', 4],
      ['n5', 5],
    ]);
    expect(changesOf(next)).toEqual({ before: table, names: ['n3'] });
    expect(sharedNames(next)).toBe(table);
  });

  it.each([1, 2, 3])('is what a map with the same values is, however often it is revised: seed %i', (seed) => {
    const random = randomOf(seed);
    const map = new Map(first());
    let table = first();
    for (let step = 0; step < 200; step++) {
      const [name, value] = [`n${random.integer(40)}`, random.integer(1000)] as const;
      map.set(name, value);
      table = revised(table, [[name, value]]);
      expect([...table]).toEqual([...map]);
      expect([...table.values()]).toEqual([...map.values()]);
      expect([...table.keys()]).toEqual([...map.keys()]);
      expect(table.get(name)).toBe(value);
      expect(table.size).toBe(40);
      const seen: unknown[] = [];
      table.forEach((each, at) => void seen.push([at, each]));
      expect(seen).toEqual([...map]);
    }
  });
});

describe('facts of a table', () => {
  it.each([4, 5, 6])('are those of a table that is made anew: seed %i', (seed) => {
    const random = randomOf(seed);
    const facts = new Facts<number, string>();
    const picked = new Picked<string>();
    const names = ['n7', 'n1', 'n30'];
    let table = first();
    let factor = 2;
    for (let step = 0; step < 200; step++) {
      table = revised(table, [[`n${random.integer(40)}`, random.integer(30)]]);
      if (random.next() < 0.05) factor++;
      const around = [factor];
      // Of even entries, and of the first, which follows from the second too.
      const of = (from: Table<number>) => (name: string, value: number) =>
        name === 'n0' ? `${from.get('n1')}` : (value * factor) % 2 === 0 ? `${name} ${value * factor}` : undefined;
      const made = facts.of(table, of(table), { around, again: ['n0'] });
      const map = new Map(table);
      expect([...made]).toEqual([...new Facts<number, string>().of(map, of(map), { around })]);
      expect(facts.of(table, of(table), { around, again: ['n0'] })).toBe(made);
      expect(picked.of(names, made)).toEqual(names.map((name) => made.get(name)));
    }
  });

  it('are the same table where the facts are the same', () => {
    const facts = new Facts<number, true>();
    const isLarge = (_: string, value: number): true | undefined => (value > 20 ? true : undefined);
    const table = first();
    const before = facts.of(table, isLarge);
    expect(facts.of(revised(table, [['n30', 31]]), isLarge)).toBe(before);
  });
});
