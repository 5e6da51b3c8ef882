import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { writeDurably } from '../../../src/base/storage/durable.ts';
import { readSafetensors, writeSafetensors } from '../../../src/base/storage/safetensors.ts';
import type { ExpectedTensor, StoredTensor } from '../../../src/base/storage/tensor_header.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const folder = temporaryFolder();

const tensors: StoredTensor[] = [
  { name: 'codes', shape: [3], data: new Uint8Array([1, 2, 255]) },
  { name: 'weights', shape: [2, 3], data: new Float32Array([1, -2, 0.5, Number.NaN, 1e-40, -0]) },
  { name: 'scalar', shape: [], data: new Float32Array([7]) },
  { name: 'rows', shape: [2], data: new Int32Array([-1, 2 ** 31 - 1]) },
  { name: 'sums', shape: [1], data: new Float64Array([Math.PI]) },
  { name: 'nothing', shape: [0, 4], data: new Float32Array(0) },
];

const write = async (name: string, list = tensors, metadata: Record<string, string> = {}): Promise<string> => {
  const path = join(folder, name);
  await writeDurably(path, (sink) => writeSafetensors(sink, list, metadata));
  return path;
};

describe('safetensors', () => {
  it('gives back every bit, and the texts with them', async () => {
    const { tensors: read, metadata } = await readSafetensors(await write('all', tensors, { format: 'x', é: '日本' }));
    expect(metadata).toEqual({ format: 'x', é: '日本' });
    expect([...read.keys()].sort()).toEqual(tensors.map(({ name }) => name).sort());
    for (const { name, shape, data } of tensors) {
      const back = read.get(name)!;
      expect(back.shape).toEqual(shape);
      expect(back.data.constructor).toBe(data.constructor);
      expect(Buffer.from(back.data.buffer).equals(Buffer.from(data.buffer))).toBe(true);
    }
  });

  it('lays bytes out as the format says', async () => {
    const bytes = readFileSync(await write('layout', [{ name: 'w', shape: [1, 2], data: new Float32Array([1, 2]) }]));
    const header = '{"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8, ' ');
    expect(bytes.readBigUInt64LE(0)).toBe(BigInt(padded.length));
    expect(bytes.subarray(8, 8 + padded.length).toString()).toBe(padded);
    expect([...bytes.subarray(8 + padded.length)]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]);
  });

  it('refuses what is not expected before it takes memory for it', async () => {
    const path = await write('expected', tensors.slice(3, 5));
    const rows = ['rows', { dtype: 'I32', shape: [2] }] as const;
    const sums = ['sums', { dtype: 'F64', shape: [1] }] as const;
    const read = (...expected: (readonly [string, ExpectedTensor])[]) =>
      readSafetensors(path, { expected: new Map(expected) });
    await read(rows, sums);
    await expect(read(rows)).rejects.toThrow('it has `sums`, which the model does not');
    await expect(read(rows, sums, ['more', rows[1]])).rejects.toThrow('it has no `more`');
    await expect(read(rows, ['sums', { dtype: 'F64', shape: [10_000_000_000] }])).rejects.toThrow(
      '`sums` is F64 [1], and the model needs F64 [10000000000]',
    );
  });

  it('proves itself by a checksum of its own, if it is sealed', async () => {
    const path = join(folder, 'sealed');
    await writeDurably(path, (sink) => writeSafetensors(sink, tensors, { format: 'x' }, true));
    const whole = readFileSync(path);
    expect((await readSafetensors(path, { hasChecksum: true })).metadata.format).toBe('x');
    for (let at = 8; at < whole.length; at += 3) {
      const changed = Buffer.from(whole);
      changed[at]! ^= 1;
      writeFileSync(path, changed);
      await expect(readSafetensors(path, { hasChecksum: true })).rejects.toBeInstanceOf(Failure);
    }
    await expect(readSafetensors(await write('open'), { hasChecksum: true })).rejects.toThrow('it has no checksum');
  });

  it('refuses numbers that are none where they must be finite', async () => {
    const path = await write('finite');
    await expect(readSafetensors(path, { finite: () => true })).rejects.toThrow('`weights` holds NaN');
    await readSafetensors(path, { finite: (name) => name === 'sums' });
  });

  it('writes a view on a larger buffer without the rest of it', async () => {
    const view = new Float32Array([1, 2, 3, 4]).subarray(1, 3);
    const { tensors: read } = await readSafetensors(await write('view', [{ name: 'v', shape: [2], data: view }]));
    expect([...read.get('v')!.data]).toEqual([2, 3]);
  });

  it('reads into the memory that it is given, if it fits', async () => {
    const path = await write('into');
    const memory = new Float32Array(8).fill(9);
    const { tensors: read } = await readSafetensors(path, {
      allocate: (name) => (name === 'weights' ? memory.subarray(1, 7) : undefined),
    });
    expect(read.get('weights')!.data.buffer).toBe(memory.buffer);
    expect([memory[0], memory[1], memory[2], memory[7]]).toEqual([9, 1, -2, 9]);
    const small = (name: string) => (name === 'weights' ? memory.subarray(0, 2) : undefined);
    await expect(readSafetensors(path, { allocate: small })).rejects.toThrow('`weights` is of another size');
  });

  it('refuses a file cut at any byte, or with one added', async () => {
    const whole = readFileSync(await write('whole'));
    const path = join(folder, 'cut');
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length));
      await expect(readSafetensors(path)).rejects.toBeInstanceOf(Failure);
    }
    writeFileSync(path, Buffer.concat([whole, Buffer.from([0])]));
    await expect(readSafetensors(path)).rejects.toThrow('bytes that belong to no tensor');
  });

  it.each([
    ['{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}', 2, 'unknown type'],
    ['{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', 4, 'does not fill its shape'],
    ['{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', 4, 'has no place'],
    ['{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', 8, 'does not start where'],
    [
      '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}',
      3,
      'start',
    ],
    ['{"a":null}', 0, 'unknown type'],
    ['[]', 0, 'no object'],
    ['{"__metadata__":{"a":1}}', 0, 'not texts'],
    ['{nonsense', 0, 'not JSON'],
  ])('refuses %s', async (header, bytes, reason) => {
    const path = join(folder, 'wrong');
    const prefix = Buffer.alloc(8);
    prefix.writeBigUInt64LE(BigInt(header.length));
    writeFileSync(path, Buffer.concat([prefix, Buffer.from(header), Buffer.alloc(bytes)]));
    await expect(readSafetensors(path)).rejects.toThrow(reason);
  });

  it('says which file it could not read', async () => {
    await expect(readSafetensors(join(folder, 'absent'))).rejects.toThrow(/absent is missing/);
  });

  const python = process.env.TOWER_PYTHON ?? 'python3';
  const hasPython = spawnSync(python, ['-c', 'import safetensors.numpy']).status === 0;
  it.skipIf(!hasPython)('is read by Python (skipped where its safetensors is not installed)', async () => {
    const path = await write('python', tensors, { format: 'x' });
    const script = `
import sys, json
from safetensors import safe_open
with safe_open(sys.argv[1], framework="np") as f:
    print(json.dumps({"meta": f.metadata(), **{k: f.get_tensor(k).astype("float64").ravel().tolist() for k in f.keys() if k != "weights"}}))
    print(f.get_tensor("weights").tobytes().hex())`;
    const [json, weights] = execFileSync(python, ['-c', script, path], { encoding: 'utf8' }).trim().split('\n');
    expect(JSON.parse(json!)).toEqual({
      meta: { format: 'x' },
      codes: [1, 2, 255],
      scalar: [7],
      rows: [-1, 2 ** 31 - 1],
      sums: [Math.PI],
      nothing: [],
    });
    expect(weights).toBe(Buffer.from(tensors[1]!.data.buffer).toString('hex'));
  });
});
