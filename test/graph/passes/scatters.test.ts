import { describe, expect, it } from 'vitest';
import type { Builder, Ref } from '../../../src/graph/builder.ts';
import { removeScatters } from '../../../src/graph/passes/scatters.ts';
import { batch } from '../support.ts';
import { simplified } from './support.ts';

const at = (b: Builder, column = 0): Ref => b.constant([0, column], [1, 2], 'int32');
const write = (b: Builder, x: Ref, value: number, column = 0): Ref =>
  b.scatterUpdate(x, at(b, column), b.constant([value]));

describe('zeros written over zeros', () => {
  const shapes = [
    [batch, 4],
    [batch, 1],
  ];
  const cases: readonly (readonly [
    title: string,
    build: (b: Builder, x: Ref, column: Ref) => Ref,
    expected: string,
  ])[] = [
    [
      'go after e^(−10⁹)',
      (b, x, r) => write(b, b.mul(b.exp(write(b, x, -1e9)), r), 0),
      'Mul(Exp(ScatterUpdate(a, 0 0, -1000000000)), b)',
    ],
    ['go after zeros', (b, x) => write(b, b.neg(write(b, x, 0)), 0), 'Neg(ScatterUpdate(a, 0 0, 0))'],
    [
      'stay after e^(−10), which is not 0',
      (b, x) => write(b, b.exp(write(b, x, -10)), 0),
      'ScatterUpdate(Exp(ScatterUpdate(a, 0 0, -10)), 0 0, 0)',
    ],
    [
      'stay at other places',
      (b, x) => write(b, write(b, x, 0), 0, 1),
      'ScatterUpdate(ScatterUpdate(a, 0 0, 0), 0 1, 0)',
    ],
    [
      'stay where they are not zeros',
      (b, x) => write(b, write(b, x, 0), 5),
      'ScatterUpdate(ScatterUpdate(a, 0 0, 0), 0 0, 5)',
    ],
  ];
  for (const [title, build, expected] of cases) {
    it(title, () => expect(simplified(removeScatters, (b, x, c) => build(b, x!, c!), shapes)).toBe(expected));
  }
});
