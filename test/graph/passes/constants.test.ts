import { expect, it } from 'vitest';
import { foldConstants } from '../../../src/graph/passes/constants.ts';
import { batch } from '../support.ts';
import { graphOf, simplified } from './support.ts';

it('nodes of constants are computed', () => {
  expect(simplified(foldConstants, (b, x) => b.mul(x!, b.add(b.constant(2), b.exp(b.constant(0)))), [[batch]])).toBe(
    'Mul(a, 3)',
  );
});

it('in float32', () => {
  const graph = foldConstants(graphOf((b) => b.add(b.constant(0.1), b.constant(0.2)), []));
  expect(graph.nodes.at(-1)?.attributes.values).toEqual([Math.fround(Math.fround(0.1) + Math.fround(0.2))]);
});

it('unless they are large, or not finite', () => {
  expect(simplified(foldConstants, (b) => b.log(b.constant(0)), [])).toBe('Log(0)');
  const large = graphOf((b) => b.neg(b.constant(1, [5000])), []);
  expect(foldConstants(large)).toBe(large);
});
