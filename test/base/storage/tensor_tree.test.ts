/** Plain data through tensors and one text, and whatever else is in their place. */
import { expect, it } from 'vitest';
import type { StoredTensor } from '../../../src/base/storage/tensor_header.ts';
import { packTree, unpackTree } from '../../../src/base/storage/tensor_tree.ts';
import { packTexts } from '../../../src/base/text/texts.ts';

const damaged = (reason: string): Error => new Error(reason);
const byName = (tensors: readonly StoredTensor[]) => new Map(tensors.map((tensor) => [tensor.name, tensor]));

it('gives back plain data', () => {
  const value = {
    text: 'ü\ud800',
    numbers: [1, -0.5, null, true],
    map: new Map<string, unknown>([
      ['__proto__', { __proto__x: 1 }],
      ['floats', Float32Array.of(1, 2.5)],
      ['doubles', Float64Array.of(Number.NaN)],
      ['ints', Int32Array.of(-1)],
      ['words', Uint32Array.of(2 ** 32 - 1)],
      ['bytes', Uint8Array.of(255)],
      ['signed', Int8Array.of(-1)],
      ['none', new Int32Array(0)],
    ]),
    packed: packTexts(['', 'key \ud800', '\ufeffé']),
  };
  const { text, tensors } = packTree({ ...value, left: undefined });
  expect(unpackTree(text, byName(tensors), damaged)).toStrictEqual(value);
});

it('stores arrays of the same bytes once', () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const { tensors } = packTree([bytes, bytes.slice(), Uint8Array.of(1, 2, 4), Int8Array.of(1, 2, 3)]);
  expect(tensors.map(({ data }) => [...data])).toEqual([
    [1, 2, 3],
    [1, 2, 4],
  ]);
});

it('refuses what no packing gives', () => {
  const { tensors } = packTree([Uint8Array.of(1)]);
  const { name } = tensors[0]!;
  const of = (text: string) => () => unpackTree(text, byName(tensors), damaged);
  expect(of('{')).toThrow('not JSON');
  expect(of('{"x": 1}')).toThrow('no known kind');
  expect(of('{"o": 1}')).toThrow('no known kind');
  expect(of('{"m": [["a"], 3]}')).toThrow('no name');
  expect(of('{"p": [["a"], 3]}')).toThrow('no bytes');
  expect(of('{"t": "U8 7", "as": "U8"}')).toThrow('no numbers');
  expect(of(JSON.stringify({ t: name, as: 'F32' }))).toThrow('no numbers');
  expect(of(JSON.stringify({ t: name, as: 'constructor' }))).toThrow('no known kind');
  expect(of(`${'['.repeat(100)}${']'.repeat(100)}`)).toThrow('too deep');
});
