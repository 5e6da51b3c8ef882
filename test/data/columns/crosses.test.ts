/** Features that are made of other columns' values: crosses of codes, and parts of moments. */
import { describe, expect, it } from 'vitest';
import { crossColumns } from '../../../src/data/columns/column_encoder.ts';
import { murmur3 } from '../../../src/data/encoders/murmur3.ts';
import { readDataset } from '../../../src/data/read_dataset.ts';
import type { Encoder } from '../../../src/graph/plan/plan.ts';
import { limitMaps } from '../../small_maps.ts';
import { describeData, failureOf, folderWith, needsOf, valueAt, valuesOf, vocabulary } from '../fixture.ts';

const events = `user,item,time,device
ann,i1,2024-06-03 09:30:00,phone
bob,i2,2024-06-04 10:00:00,desk
ann,i2,2024-06-05 23:59:59,
bob,i1,2024-06-09 00:00:00,phone
`;
const items = `item,maker,year
i1,x,2001
i2,y,1999
i3,x,1999
`;
const hash: Encoder = { kind: 'hash', buckets: 1000 };
const clock = (part: 'hour' | 'weekday'): Encoder => ({ kind: 'clock', part });
const needs = needsOf(
  {
    user: { encoder: vocabulary },
    device: { encoder: vocabulary },
    both: { encoder: hash, crosses: ['user', 'device'] },
    hour: { encoder: clock('hour'), gives: 'code' },
    weekday: { encoder: clock('weekday'), gives: 'code' },
  },
  {
    item: { encoder: vocabulary },
    maker: { encoder: vocabulary },
    year: { encoder: { kind: 'boundaries', boundaries: [2000], log: false } },
    made: { encoder: hash, crosses: ['maker', 'year'] },
  },
);

function small(columns: Readonly<Record<string, string>> = { hour: 'time', weekday: 'time' }) {
  const folder = folderWith({ 'events.csv': events, 'items.csv': items });
  return readDataset(describeData({ folder, items: 'items.csv', columns }), needs);
}

const crossed = (...codes: number[]): number => murmur3(codes.join()) % 1000;

describe('a cross', () => {
  it('is the hash of the codes of its features, for events and for users', async () => {
    const { parts, users, encodings } = await small();
    expect(encodings.get('both')).toEqual({ kind: 'hash', buckets: 1000 });
    const codes = (name: string): number[] => valuesOf(parts.train.features.get(name)!, 4) as number[];
    const [user, device] = [codes('user'), codes('device')];
    expect(codes('both')).toEqual(user.map((code, row) => crossed(code, device[row]!)));
    // Ann's phone, Bob's desk, Ann's missing one, Bob's phone: all different.
    expect(new Set(codes('both')).size).toBe(4);
    const last = (row: number) =>
      crossed(...['user', 'device'].map((name) => valueAt(users.features.get(name)!, row) as number));
    expect(valuesOf(users.features.get('both')!, users.rows)).toEqual([last(0), last(1)]);
  });

  it('of the items is of their own file, pieces of numbers as pieces, and for every item of the corpus', async () => {
    const { parts, corpus } = await small();
    const codes = (name: string): number[] => valuesOf(corpus.features.get(name)!, 3) as number[];
    expect(codes('made')).toEqual(codes('maker').map((code, row) => crossed(code, codes('year')[row]!)));
    expect(codes('year')).toEqual([1, 0, 0]);
    const seen = valuesOf(parts.train.features.get('made')!, 4);
    expect(seen).toEqual([...parts.train.item].map((item) => codes('made')[item]));
  });
});

describe('a part of a moment', () => {
  it('is read from dates and times, in UTC', async () => {
    const { parts } = await small();
    expect(valuesOf(parts.train.features.get('hour')!, 4)).toEqual([9, 10, 23, 0]);
    expect(valuesOf(parts.train.features.get('weekday')!, 4)).toEqual([0, 1, 2, 6]);
  });

  it('is the same from seconds', async () => {
    const { parts } = await small({ hour: 'epoch(time)', weekday: 'CAST(epoch(time) AS BIGINT)' });
    expect(valuesOf(parts.train.features.get('hour')!, 4)).toEqual([9, 10, 23, 0]);
    expect(valuesOf(parts.train.features.get('weekday')!, 4)).toEqual([0, 1, 2, 6]);
  });

  it('is refused from text, with what would fix it', async () => {
    const refused = await failureOf(small({ hour: 'device', weekday: 'time' }));
    expect(refused).toEqual([
      'column-type at column:hour: `hour` needs a date, a time, or seconds since 1970, but its column is text ' +
        "(read it as one: `strptime(device, '%d/%m/%Y')`)",
    ]);
  });
});

it('a cross may have more combinations than a Map holds', () => {
  const values = Int32Array.from({ length: 300 }, (_, at) => at % 290);
  const part = { column: { kind: 'codes', values } } as const;
  limitMaps(100);
  const { column } = crossColumns({ kind: 'hash', buckets: 1000 }, [part, part], 300);
  expect([...(column as typeof part.column).values]).toEqual(
    Array.from(values, (code) => murmur3(`${code},${code}`) % 1000),
  );
});
