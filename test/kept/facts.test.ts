/** Facts of tables that follow one another are those of a table that is made anew, in the same order. */
import { describe, expect, it } from 'vitest';
import { Facts } from '../../src/kept/facts.ts';
import { Latest, sharedNames, type Table } from '../../src/kept/history.ts';
import { Picked } from '../../src/kept/picked.ts';
import { following, revised } from '../../src/kept/revised.ts';
import { randomOf } from '../fuzz/edits.ts';

const first = (): Table<number> => new Map(Array.from({ length: 40 }, (_, at) => [`n${at}`, at]));

describe('a table that follows another', () => {
  it('is the same table where no value is another', () => {
    const table = first();
    const latest = new Latest<string>();
    latest.set(table, 'known');
    expect(revised(table, [['n3', 3]])).toBe(table);
    const next = revised(table, [
      ['n3', 4],
      ['n5', 5],
    ]);
    expect(latest.of(next)).toEqual({ known: 'known', names: ['n3'] });
    expect(sharedNames(next)).toBe(sharedNames(table));
    const others = following(next, new Map([...next, ['n99', 1]]));
    expect(latest.of(others)).toEqual({ known: 'known', names: ['n3', 'n99'] });
    expect(sharedNames(others)).not.toBe(sharedNames(table));
    expect(following(others, new Map(others))).toBe(others);
  });

  it('follows none where its names are in another order', () => {
    const table = first();
    const latest = new Latest<string>();
    latest.set(table, 'known');
    expect(latest.of(following(table, new Map([...table].reverse())))).toBeUndefined();
  });

  it('has a history of its own where another follows the same table', () => {
    const table = first();
    const latest = new Latest<string>();
    latest.set(table, 'known');
    const [one, other] = [revised(table, [['n3', 4]]), revised(table, [['n4', 5]])];
    expect(latest.of(one)?.names).toEqual(['n3']);
    expect(latest.of(other)).toBeUndefined();
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

/** Another value, or a name that is gone, new, or both. Sometimes nobody asks of the table in between. */
function changed(table: Table<number>, random: ReturnType<typeof randomOf>): Table<number> {
  if (random.next() < 0.6) {
    const names = [...table.keys()];
    return revised(table, [[names[random.integer(names.length)]!, random.integer(30)]]);
  }
  const entries = [...table];
  entries.splice(random.integer(entries.length), random.integer(2));
  entries.splice(random.integer(entries.length + 1), 0, [`n${random.integer(80)}`, random.integer(30)]);
  const next = following(table, new Map(entries));
  expect([...next]).toEqual([...new Map(entries)]);
  return random.next() < 0.4 ? changed(next, random) : next;
}

describe('facts of a table', () => {
  it.each([4, 5, 6])('are those of a table that is made anew: seed %i', (seed) => {
    const random = randomOf(seed);
    const facts = new Facts<number, string>();
    const picked = new Picked<string>();
    const names = ['n7', 'n1', 'n30'];
    let table = first();
    let factor = 2;
    for (let step = 0; step < 200; step++) {
      table = changed(table, random);
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
