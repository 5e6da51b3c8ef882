import { describe, expect, it } from 'vitest';
import { GraphTypeError, makeBuilder } from '../../src/graph/builder.ts';
import { batch } from './support.ts';

describe('a builder', () => {
  it('names parameters and labels nodes by the scopes they are made in', () => {
    const b = makeBuilder('names');
    const x = b.input('x', [batch, 2]);
    b.scope('user', () =>
      b.scope('mlp', () => {
        b.matMul(x, b.parameter('weights_0', [2, 3], { kind: 'zeros' }));
      }),
    );
    b.output('y', b.neg(x));
    const graph = b.finish();
    expect(graph.parameters.map(({ name }) => name)).toEqual(['user/mlp/weights_0']);
    expect(graph.nodes.map(({ op, label }) => `${op} ${label}`)).toEqual([
      'Input ',
      'Parameter user/mlp',
      'MatMul user/mlp',
      'Neg ',
    ]);
  });

  it('leaves a scope when its body throws', () => {
    const b = makeBuilder('throws');
    expect(() =>
      b.scope('inner', () => {
        throw new Error('within');
      }),
    ).toThrow('within');
    b.parameter('p', [1], { kind: 'zeros' });
    expect(b.finish().parameters[0]?.name).toBe('p');
  });

  it('gives the same parameter and the same input for the same name, and refuses another type', () => {
    const b = makeBuilder('shared');
    expect(b.parameter('p', [2], { kind: 'ones' })).toBe(b.parameter('p', [2], { kind: 'ones' }));
    expect(b.input('x', [batch])).toBe(b.input('x', [batch]));
    expect(() => b.parameter('p', [3], { kind: 'ones' })).toThrow(
      new GraphTypeError('Parameter "p" is float32[2], and cannot also be float32[3]'),
    );
  });

  it('computes equal things once', () => {
    const b = makeBuilder('once');
    const x = b.input('x', [batch]);
    expect(b.add(b.exp(x), 2).id).toBe(b.add(b.exp(x), 2).id);
    expect(b.constant(0).id).not.toBe(b.constant(-0).id);
    expect(b.sum(x, [0]).id).not.toBe(b.sum(x, [0], true).id);
  });

  it('makes numbers constants of the other operand’s dtype', () => {
    const b = makeBuilder('numbers');
    const x = b.input('x', [batch], 'int32');
    expect(b.mul(3, x).type).toEqual({ dtype: 'int32', shape: [batch] });
    expect(b.constant(7, [2, 2]).type.shape).toEqual([2, 2]);
    expect(b.nodes.at(-1)?.attributes.values).toEqual([7, 7, 7, 7]);
  });

  it('refuses constants that are not numbers, or not enough', () => {
    const b = makeBuilder('constants');
    expect(() => b.constant(Number.NaN)).toThrow('Constant: NaN cannot be written in a graph');
    expect(() => b.constant([1, 2, 3], [2])).toThrow('Constant: 3 values do not fill [2]');
  });

  it('refuses values of another graph', () => {
    const b = makeBuilder('one');
    const x = makeBuilder('other').input('x', [batch]);
    expect(() => b.neg(x)).toThrow('a value of another graph');
  });

  it('refuses two outputs of a name, and updates that do not fit', () => {
    const b = makeBuilder('ends');
    const p = b.parameter('p', [2], { kind: 'zeros' });
    const q = b.exp(p);
    b.output('y', p);
    b.update(p, q);
    expect(() => b.output('y', p)).toThrow('two outputs are called "y"');
    expect(() => b.update(p, q)).toThrow('"p" is updated twice');
    expect(() => b.update(q, p)).toThrow('only a parameter can be updated, not Exp');
    const r = b.parameter('r', [3], { kind: 'zeros' });
    expect(() => b.update(r, p)).toThrow('"r" is float32[3], but its update is float32[2]');
  });
});
