import { describe, expect, it } from 'vitest';
import { makeBuilder } from '../../src/graph/builder.ts';
import type { Initial } from '../../src/graph/graph.ts';
import { initialValues } from '../../src/graph/initial.ts';

function values(parameters: Readonly<Record<string, Initial>>, seed = 1) {
  const b = makeBuilder('initial');
  for (const [name, initial] of Object.entries(parameters)) b.parameter(name, [40, 25], initial);
  return initialValues(b.finish(), seed);
}

describe('first values', () => {
  const glorot: Initial = { kind: 'glorot', fans: [40, 25] };

  it('are what each kind says', () => {
    const found = values({ a: { kind: 'zeros' }, b: { kind: 'ones' }, c: { kind: 'constant', value: 0.5 } });
    expect(new Set(found.a!.data)).toEqual(new Set([0]));
    expect(new Set(found.b!.data)).toEqual(new Set([1]));
    expect(new Set(found.c!.data)).toEqual(new Set([0.5]));
    expect(found.a!.shape).toEqual([40, 25]);
  });

  it('of Glorot and Bengio lie within ±√(6 / (inputs + outputs)) with a third of its square for variance', () => {
    const data = [...values({ w: glorot }).w!.data];
    const limit = Math.sqrt(6 / 65);
    expect(Math.max(...data.map(Math.abs))).toBeLessThanOrEqual(limit);
    expect(Math.max(...data)).toBeGreaterThan(0.98 * limit);
    expect(Math.min(...data)).toBeLessThan(-0.98 * limit);
    const variance = data.reduce((sum, value) => sum + value ** 2, 0) / data.length;
    expect(variance / (limit ** 2 / 3)).toBeGreaterThan(0.9);
    expect(variance / (limit ** 2 / 3)).toBeLessThan(1.1);
  });

  it('of one parameter do not change when another is added', () => {
    const alone = values({ w: glorot });
    const together = values({ first: glorot, w: glorot, last: { kind: 'uniform', limit: 1 } });
    expect(together.w).toEqual(alone.w);
    expect(together.first).not.toEqual(alone.w);
  });

  it('differ between seeds, and only between seeds', () => {
    expect(values({ w: glorot }, 5)).toEqual(values({ w: glorot }, 5));
    expect(values({ w: glorot }, 5)).not.toEqual(values({ w: glorot }, 6));
  });
});
