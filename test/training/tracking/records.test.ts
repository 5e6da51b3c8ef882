import { describe, expect, it } from 'vitest';
import { crc32c, eventRecord, maxPoints, stepMeans } from '../../../src/training/tracking/event_file.ts';

function run(steps: number, from = 1): [number, number][] {
  const given: [number, number][] = [];
  const means = stepMeans(['loss'], steps, (step, { loss }) => given.push([step, loss!]));
  for (let step = from; step <= steps; step++) means.add(step, [step]);
  means.endWindow();
  means.endWindow();
  return given;
}

it('a short run has every step', () => {
  expect(run(3)).toEqual([
    [1, 1],
    [2, 2],
    [3, 3],
  ]);
});

it('a long run has means over windows, the last of which may be short', () => {
  const points = run(2.5 * maxPoints + 1);
  expect(points.slice(0, 2)).toEqual([
    [3, 2],
    [6, 5],
  ]);
  expect(points.length).toBeLessThanOrEqual(maxPoints);
  expect(points.at(-1)).toEqual([2.5 * maxPoints + 1, 2.5 * maxPoints]);
});

it('a run that goes on has its points at the same steps', () => {
  const whole = run(3 * maxPoints);
  const rest = run(3 * maxPoints, 301);
  expect(rest).toEqual(whole.slice(100));
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('CRC-32C', () => {
  // RFC 3720, appendix B.4, and the check value of the catalogue of CRCs.
  it.each([
    ['123456789', bytes('123456789'), 0xe3069283],
    ['32 zeros', new Uint8Array(32), 0x8a9136aa],
    ['32 ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['0 … 31', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ['nothing', new Uint8Array(0), 0],
  ])('of %s', (_, data, checksum) => {
    expect(crc32c(data)).toBe(checksum);
  });
});

it('a record is its length, its bytes, and a checksum of each', () => {
  const record = eventRecord(bytes('abc'));
  const view = new DataView(record.buffer);
  expect(record.length).toBe(19);
  expect(view.getBigUint64(0, true)).toBe(3n);
  expect([...record.subarray(12, 15)]).toEqual([97, 98, 99]);
  const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  expect(view.getUint32(8, true)).toBe(masked(crc32c(record.subarray(0, 8))));
  expect(view.getUint32(15, true)).toBe(masked(crc32c(bytes('abc'))));
});
