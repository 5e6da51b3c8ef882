/** How blocks read a sequence, compared with numbers: every block that takes one, at every choice and flag of its arguments. */
import { describe, expect, test } from 'vitest';
import { makeRandom } from '../../../../src/base/random/random.ts';
import { blocks } from '../../../../src/compiler/library/blocks/table.ts';
import type { BlockKind, SequenceRead, Value } from '../../../../src/compiler/library/contract.ts';
import { stepOf } from '../../../../src/editor/reference/examples.ts';
import { makeBuilder } from '../../../../src/graph/builder.ts';
import { evaluateGraph } from '../../../../src/graph/evaluate.ts';
import type { Tensor } from '../../../../src/graph/graph.ts';
import { initialValues } from '../../../../src/graph/initial.ts';
import { contextOf } from '../support.ts';
import { ofSequences, withFlows } from './examples.ts';

/** The arguments of the example, and each choice, flag and call of every parameter in its place. */
function variantsOf(kind: string, example: string): Record<string, unknown>[] {
  const step = stepOf(example);
  if (step?.kind !== 'block') return expect.fail(`\`${example}\` is a block`);
  const given = step.call.arguments;
  const others = Object.entries(blocks[kind]!.parameters).flatMap(([name, { type }]) => {
    const values = type.is === 'choice' ? type.of : type.is === 'flag' ? [true, false] : [];
    return values.map((value) => ({ [name]: value }));
  });
  // Two at a time, because one may only matter where another is set.
  const pairs = others.flatMap((one, index) => others.slice(index + 1).map((other) => ({ ...one, ...other })));
  return [{}, ...others, ...pairs].map((changed) => ({ ...given, ...changed }));
}

const [length, width] = [6, 4];

/** What the block makes of a sequence of so many elements, in training or not, and its shape. */
function results(row: BlockKind, args: Record<string, unknown>, training: boolean) {
  const builder = makeBuilder('reads');
  const tensor = builder.input('sequence', [1, length, width]);
  const mask = builder.input('mask', [1, length]);
  const input: Value = { kind: 'sequence', name: 'list', tensor, mask, length, maxLength: length, width };
  const context = contextOf(builder, training);
  const value = row.lower(context, input, withFlows(context, args));
  if (value.kind === 'fields' || value.kind === 'outputs') return expect.fail('a sequence becomes one tensor');
  builder.output('value', value.tensor);
  const graph = builder.finish();
  const moved = Object.entries(initialValues(graph, 1)).map(([name, parameter], index) => {
    // A weight that begins at 0 would hide its input.
    const moves = new Float32Array(parameter.data.length);
    makeRandom(2, index).fill(moves, 0.02, 0.2);
    return [name, { ...parameter, data: moves.map((move, at) => move + parameter.data[at]!) }] as const;
  });
  const evaluate = (elements: readonly number[]): Tensor => {
    const data = new Float32Array(length * width);
    for (const [place, seed] of elements.entries())
      makeRandom(1, seed).fill(data.subarray(place * width, (place + 1) * width), -1, 1);
    const present = Float32Array.from({ length }, (_, place) => Number(place < elements.length));
    const fed = graph.inputs.map(({ name, node }) => {
      const shape = graph.nodes[node]!.type.shape as number[];
      const size = shape.reduce((product, dim) => product * dim, 1);
      const given: Record<string, Float32Array> = { sequence: data, mask: present };
      // Noise that drops nothing.
      return [
        name,
        { dtype: 'float32', shape, data: given[name] ?? new Float32Array(size).fill(1 - 2 ** -20) },
      ] as const;
    });
    return evaluateGraph(graph, Object.fromEntries(fed), Object.fromEntries(moved)).outputs.value!;
  };
  return { isSequence: value.kind === 'sequence', evaluate };
}

const close = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-4 * (1 + Math.abs(b));
const places = (tensor: Tensor): number[][] => {
  const size = tensor.data.length / length;
  return Array.from({ length }, (_, place) => [...tensor.data.slice(place * size, (place + 1) * size)]);
};
const alike = (a: readonly number[], b: readonly number[]): boolean => a.every((value, at) => close(value, b[at]!));

/** How the numbers say that a block reads: by elements that come later, and by those in reverse. */
function measured(row: BlockKind, args: Record<string, unknown>): SequenceRead {
  const { isSequence, evaluate } = results(row, args, false);
  const inOrder = [1, 2, 3, 4, 5, 6];
  const all = evaluate(inOrder);
  const turned = evaluate(inOrder.toReversed());
  if (!isSequence) return alike([...all.data], [...turned.data]) ? 'each' : 'all';
  const isOrdered = !places(all).every((place, index) => alike(place, places(turned)[length - 1 - index]!));
  const half = places(evaluate(inOrder.slice(0, 3)));
  const seesLater = !places(all)
    .slice(0, 3)
    .every((place, index) => alike(place, half[index]!));
  if (isOrdered) return seesLater ? 'all' : 'earlier';
  return seesLater ? 'set' : 'each';
}

describe.each(ofSequences)('$kind', ({ kind, example }) => {
  const row = blocks[kind]!;
  test.each(variantsOf(kind, example).map((args) => [JSON.stringify(args), args] as const))('%s', (_, args) => {
    const declared = row.reads?.(args) ?? 'each';
    // A single value in which the order counts comes of all elements, whether or not a state went over them.
    const { isSequence } = results(row, args, false);
    expect(isSequence || declared !== 'earlier' ? declared : 'all').toBe(measured(row, args));
  });
});
