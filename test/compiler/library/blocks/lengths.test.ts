/**
 * A batch may be cut by length: short sequences then have fewer places. What any block makes of them must not depend on that. A block
 * that fails here uses `length` where it should use `most`: for a weight for each place, for a mean over all places.
 */
import { describe, expect, test } from 'vitest';
import { asVector } from '../../../../src/compiler/library/values.ts';
import { makeBuilder } from '../../../../src/graph/builder.ts';
import { evaluateGraph, type NamedTensors } from '../../../../src/graph/evaluate.ts';
import { contextOf, expectClose, floats, random, sequenceInput } from '../support.ts';
import { lowerExample, ofSequences } from './examples.ts';

const [elements, few, most, width] = [3, 5, 9, 8];

/** What the example makes of three elements that have so many places, with what its weights are. */
function madeWith(example: string, places: number) {
  const builder = makeBuilder('block');
  const made = lowerExample(example, contextOf(builder, false), sequenceInput(builder, places, width, most));
  if (made.kind === 'outputs') return expect.fail(`\`${example}\` gives one value`);
  const tensor = made.kind === 'fields' ? asVector(made)!.tensor : made.tensor;
  builder.output('made', tensor);
  const graph = builder.finish();
  const parameters = Object.fromEntries(
    graph.parameters.map(({ name, node }, at) => [
      name,
      random(graph.nodes[node]!.type.shape as number[], at, 0.1, 0.6),
    ]),
  );
  const x = [...random([elements, width], 5, 0.6, 1).data];
  const filled = (of: readonly number[], length: number) => [...of, ...new Array<number>(length - of.length).fill(0)];
  const inputs: NamedTensors = {
    x: floats([1, places, width], filled(x, places * width)),
    mask: floats([1, places], filled([1, 1, 1], places)),
  };
  const { data } = evaluateGraph(graph, inputs, parameters).outputs.made!;
  return { kind: made.kind, data: [...data], shapes: Object.values(parameters).map(({ shape }) => shape) };
}

describe('a block of a sequence', () => {
  test('is one of many', () => expect(ofSequences.length).toBeGreaterThan(10));

  const forms = [
    'transformer(layers: 1, heads: 2, relative)',
    'transformer(layers: 1, heads: 2, relative, mask: none)',
    'bsarec(layers: 1, causal)',
    'conv(width: 4, mask: none)',
    'conv(width: 2, dilation: 7)',
  ].map((example) => ({ example }));

  test.each([...ofSequences, ...forms])('$example gives the same, however many places there are', ({ example }) => {
    const [short, long] = [madeWith(example, few), madeWith(example, most)];
    expect(short.kind).toBe(long.kind);
    expect(short.shapes).toEqual(long.shapes);
    expectClose(long.data.slice(short.data.length), new Array(long.data.length - short.data.length).fill(0));
    expectClose(short.data, long.data.slice(0, short.data.length), 1e-6);
    if (short.kind !== 'sequence') expect(short.data.length).toBe(long.data.length);
  });
});
