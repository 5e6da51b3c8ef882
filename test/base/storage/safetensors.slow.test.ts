import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeDurably } from '../../../src/base/storage/durable.ts';
import { readSafetensors, writeSafetensors } from '../../../src/base/storage/safetensors.ts';
import type { ChunkedNumbers, StoredTensor } from '../../../src/base/storage/tensor_header.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const folder = temporaryFolder();
const codes: StoredTensor = { name: 'codes', shape: [3], data: new Uint8Array([1, 2, 255]) };

it('safetensors writes and reads numbers that no one array holds, a piece of whole rows at a time', async () => {
  // 3 numbers a row, and more of them than a piece of 64 MiB holds.
  const rows = 6_000_000;
  const held = [0, 1, 2].map((at) => Float32Array.from({ length: rows }, (_, row) => row * 3 + at));
  const pieces: number[] = [];
  const long = (into: Float32Array[]): ChunkedNumbers => ({
    kind: 'F32',
    width: 3,
    length: rows * 3,
    read(from, piece) {
      pieces.push(piece.length);
      for (let i = 0; i < piece.length; i++) piece[i] = held[(from + i) % 3]![Math.floor((from + i) / 3)]!;
    },
    write(from, piece) {
      for (let i = 0; i < piece.length; i++) into[(from + i) % 3]![Math.floor((from + i) / 3)] = piece[i]!;
    },
  });
  const path = join(folder, 'long');
  const stored = { name: 'table', shape: [rows, 3], data: long([]) };
  await writeDurably(path, (sink) => writeSafetensors(sink, [stored, codes], {}, true));
  expect(pieces.length).toBe(4);
  expect(pieces.every((length) => length % 3 === 0)).toBe(true);
  const back = held.map(() => new Float32Array(rows));
  const options = { hasChecksum: true, allocate: (name: string) => (name === 'table' ? long(back) : undefined) };
  const { tensors: others } = await readSafetensors(path, options);
  expect([...others.keys()]).toEqual(['codes']);
  for (const [at, numbers] of back.entries())
    expect(Buffer.from(numbers.buffer).equals(Buffer.from(held[at]!.buffer))).toBe(true);
  const flat = (await readSafetensors(path)).tensors.get('table')!.data;
  expect([flat[0], flat[4], flat.at(-1)]).toEqual([0, 4, Math.fround(rows * 3 - 1)]);
  held[0]![7] = Number.NaN;
  await writeDurably(path, (sink) => writeSafetensors(sink, [stored], {}, true));
  const finite = { hasChecksum: true, allocate: () => long(back), finite: () => true };
  await expect(readSafetensors(path, finite)).rejects.toThrow('NaN');
});
