import { describe, expect, it } from 'vitest';
import { crc32c, eventRecord } from '../../../src/training/tracking/event_file.ts';

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
