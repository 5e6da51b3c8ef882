import { expect, it } from 'vitest';
import { makeBuilder } from '../../../src/graph/builder.ts';
import { removeDead } from '../../../src/graph/passes/dead.ts';
import { verifyGraph } from '../../../src/graph/verify.ts';
import { batch } from '../support.ts';

it('what no output and no update needs goes; inputs and parameters stay', () => {
  const b = makeBuilder('dead');
  const x = b.input('x', [batch]);
  b.input('unused', [batch]);
  const p = b.parameter('p', [2], { kind: 'zeros' });
  b.exp(b.tanh(x));
  b.output('y', b.neg(x));
  b.update(p, b.add(p, 1));
  const alive = removeDead(b.finish());
  expect(verifyGraph(alive)).toEqual([]);
  expect(alive.nodes.map(({ op }) => op)).toEqual(['Input', 'Input', 'Parameter', 'Neg', 'Constant', 'Add']);
  expect(removeDead(alive)).toBe(alive);
});
