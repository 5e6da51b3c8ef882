import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FeatureFileError, openNpy, readValueList } from '../../../src/data/files/feature_files.ts';
import fc from '../../fast_check.ts';
import { folderWith } from '../fixture.ts';
import { npy } from './npy_file.ts';

async function rowsOf(bytes: Uint8Array): Promise<number[][]> {
  const path = join(folderWith({ 'a.npy': bytes }), 'a.npy');
  const file = await open(path, 'r');
  try {
    const array = await openNpy(file, bytes.length);
    const rows: number[][] = [];
    for (let at = 0; at < array.rows; at++) {
      const row = new Float32Array(array.columns);
      await array.readRow(at, row);
      rows.push([...row]);
    }
    return rows;
  } finally {
    await file.close();
  }
}

const reasonOf = (bytes: Uint8Array): Promise<string> =>
  rowsOf(bytes).then(
    () => 'none',
    (error: unknown) => {
      expect(error).toBeInstanceOf(FeatureFileError);
      return (error as Error).message;
    },
  );

/** `numpy.lib.format.write_array` of [[1.5, −2], [3, 0.25], [0.001, 7]] in NumPy 2.4. */
const written = {
  '1, <f4': `934e554d5059010076007b276465736372273a20273c6634272c2027666f727472616e5f6f72646572273a2046616c73652c20277368617065273a2028332c2032292c207d${'20'.repeat(58)}0a0000c03f000000c0000040400000803e6f12833a0000e040`,
  '2, >f8': `934e554d50590200740000007b276465736372273a20273e6638272c2027666f727472616e5f6f72646572273a2046616c73652c20277368617065273a2028332c2032292c207d${'20'.repeat(56)}0a3ff8000000000000c00000000000000040080000000000003fd00000000000003f50624dd2f1a9fc401c000000000000`,
  '3, <f4': `934e554d50590300740000007b276465736372273a20273c6634272c2027666f727472616e5f6f72646572273a2046616c73652c20277368617065273a2028332c2032292c207d${'20'.repeat(56)}0a0000c03f000000c0000040400000803e6f12833a0000e040`,
};

describe('arrays of NumPy', () => {
  it.each(Object.entries(written))('are read as NumPy wrote them: version %s', async (_, hex) => {
    expect(await rowsOf(Buffer.from(hex, 'hex'))).toEqual([
      [1.5, -2],
      [3, 0.25],
      [Math.fround(0.001), 7],
    ]);
  });

  it('of many rows are read in pieces', async () => {
    const [rows, columns] = [3000, 100];
    const values = Float64Array.from({ length: rows * columns }, (_, at) => at / 8);
    const bytes = npy({ descr: "'<f8'", shape: `(${rows}, ${columns})`, data: Buffer.from(values.buffer) });
    const read = await rowsOf(bytes);
    expect(read.flat()).toEqual([...values].map(Math.fround));
  });

  it.each<[string, Buffer, RegExp]>([
    ['text', Buffer.from('user,item\n1,2\n3,4\n'), /does not begin as a \.npy file/],
    ['nothing', Buffer.alloc(0), /ends within its header/],
    ['version 4', npy({ version: 4 }), /format is 4\.0/],
    ['objects', npy({ descr: "'|O'" }), /numbers are `\|O`: save float32 or float64/],
    ['whole numbers', npy({ descr: "'<i8'" }), /numbers are `<i8`/],
    ['half precision', npy({ descr: "'<f2'" }), /numbers are `<f2`/],
    ['records', npy({ descr: "[('a', '<f4')]" }), /no plain type/],
    ['columns', npy({ order: 'True' }), /stored by column/],
    ['one dimension', npy({ shape: '(4,)' }), /shape \(4,\)/],
    ['three dimensions', npy({ shape: '(1, 2, 2)' }), /shape \(1, 2, 2\)/],
    ['no rows', npy({ shape: '(0, 2)', data: Buffer.alloc(0) }), /no numbers/],
    ['more rows than bytes', npy({ shape: '(9007199254740991, 2)' }), /its header says/],
    ['too large a shape', npy({ shape: '(99999999999999999999, 2)' }), /has the shape/],
    ['a byte less', npy().subarray(0, -1), /16 bytes, and 15 bytes follow/],
    ['a byte more', Buffer.concat([npy(), Buffer.of(0)]), /16 bytes, and 17 bytes follow/],
    [
      'a program',
      npy({ header: "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), 'x': exec('1')}" }),
      /more than/,
    ],
    ['an unfinished header', npy({ header: "{'descr': '<f4'" }), /no order or no shape/],
    ['a long header', npy({ header: ' '.repeat(20_000) }), /more than 10000/],
    ['NaN', npy({ data: Buffer.from(Float32Array.of(1, 2, Number.NaN, 4).buffer) }), /row 1 has NaN at place 0/],
    [
      'numbers past 32 bits',
      npy({ descr: "'<f8'", data: Buffer.from(Float64Array.of(1, 1e300, 3, 4).buffer) }),
      /row 0 has 1e\+300 at place 1, which is no finite float32/,
    ],
  ])('refuses %s', async (_, bytes, reason) => {
    expect(await reasonOf(bytes)).toMatch(reason);
  });

  it('reads or refuses whatever bytes come, and nothing else', async () => {
    const edited = fc.record({ at: fc.nat(120), byte: fc.nat(255), cut: fc.nat(160) }).map(({ at, byte, cut }) => {
      const bytes = npy();
      bytes[at] = byte;
      return cut > 20 ? bytes.subarray(0, cut) : bytes;
    });
    await fc.assert(
      fc.asyncProperty(edited, async (bytes) => {
        const rows = await rowsOf(bytes).catch((error: unknown) => {
          if (error instanceof FeatureFileError) return [];
          throw error;
        });
        for (const value of rows.flat()) expect(Number.isFinite(value)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

describe('lists of values', () => {
  const read = (text: string | Uint8Array): Promise<readonly string[]> =>
    readValueList(join(folderWith({ 'a.txt': text }), 'a.txt'), text.length);

  it('have a value a line, as written', async () => {
    expect(await read('b\na c\r\n 007 \nñ')).toEqual(['b', 'a c', ' 007 ', 'ñ']);
    expect(await read('\ufeffb\n')).toEqual(['b']);
  });

  it.each<[string, string | Uint8Array, RegExp]>([
    ['nothing', '', /no line/],
    ['an empty line', 'a\n\nb\n', /line 2 is empty/],
    ['a value twice', 'a\nb\na\n', /line 3 repeats line 1/],
    ['other text than UTF-8', Uint8Array.of(0x61, 0xff, 0x0a), /not UTF-8/],
  ])('refuse %s', async (_, text, reason) => {
    await expect(read(text)).rejects.toThrow(reason);
  });
});
