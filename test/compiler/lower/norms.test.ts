/** Norms of gradients against what plain gradient descent makes of the weights: (before − after) ÷ rate. */
import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { compileSource } from '../../../src/compiler/pipeline.ts';
import { resolveShape } from '../../../src/graph/dims.ts';
import { evaluateGraph, hostDtype } from '../../../src/graph/evaluate.ts';
import type { Graph, Tensor } from '../../../src/graph/graph.ts';
import { initialValues } from '../../../src/graph/initial.ts';

const rate = 0.5;
const textOf = (train: string): string => `model norms
features {
  user : id(dim: 6)
  item : id(dim: 6)
}
tower asks(user) keyed by user    { channel main = user -> mlp(5, 4) }
tower answers(item) keyed by item { channel main = item -> dense(4) }
task watch {
  score = cosine(asks, answers)
  loss  = softmax(in_batch, temperature: learned(0.2), accidental_hits: keep, correction: none)
}
train { dense = sgd(rate: ${rate})${train} }
`;

function lowered(train = '') {
  const { lowered: found, diagnostics } = compileSource(makeSource('norms.tower', textOf(train)));
  if (!found) throw new Error(diagnostics.map(({ message }) => message).join('; '));
  return found;
}

function inputsOf(graph: Graph): Record<string, Tensor> {
  return Object.fromEntries(
    graph.inputs.map(({ name, node }): [string, Tensor] => {
      const { dtype, shape: dims } = graph.nodes[node]!.type;
      const shape = resolveShape(dims, { batch: 7, user_seen: 7, item_seen: 7 });
      const count = shape.reduce((product, length) => product * length, 1);
      const data = new Float32Array(count);
      // The same numbers in each graph that has the input.
      const random = makeRandom(5, ...Buffer.from(name));
      if (name === 'train/rate') data.fill(rate);
      else random.fill(data, -1, 1);
      return [
        name,
        {
          dtype: hostDtype(dtype),
          shape,
          data: dtype === 'int32' ? Int32Array.from({ length: count }, (_, at) => at) : data,
        },
      ];
    }),
  );
}

const lengthOf = (numbers: readonly number[]): number => Math.sqrt(numbers.reduce((sum, each) => sum + each * each, 0));

describe('the graph of norms', () => {
  it.each(['', ', clip = 0.001'])(
    'has the length of the gradient by tower and of the losses, before clipping%s',
    (more) => {
      const { plan, norms } = lowered(more);
      const { graph } = plan.step;
      const free = lowered().plan.step.graph;
      const inputs = inputsOf(graph);
      const parameters = initialValues(graph, 1);
      const { parameters: after } = evaluateGraph(free, inputsOf(free), initialValues(free, 1));
      const moved = (prefix: RegExp): number[] =>
        Object.entries(after).flatMap(([name, { data }]) =>
          prefix.test(name) ? [...data].map((value, at) => (parameters[name]!.data[at]! - value) / rate) : [],
        );
      const of = norms()!;
      const { outputs } = evaluateGraph(of.graph, inputs, parameters);
      expect(Object.keys(outputs).sort()).toEqual([
        'gradient_norm:answers',
        'gradient_norm:asks',
        'gradient_norm:losses',
      ]);
      const groups = { asks: /^asks\//, answers: /^answers\//, losses: /^(?!asks\/|answers\/|optimizer\/)/ };
      for (const [name, prefix] of Object.entries(groups)) {
        const expected = lengthOf(moved(prefix));
        expect(expected).toBeGreaterThan(0);
        expect(outputs[`gradient_norm:${name}`]!.data[0]! / expected, name).toBeCloseTo(1, 3);
      }
      expect(of.graph.updates).toEqual([]);
      expect(norms()).toBe(of);
    },
  );

  it('leaves the step as it is', () => {
    const first = lowered();
    const before = JSON.stringify(first.plan.step);
    first.norms();
    expect(JSON.stringify(first.plan.step)).toBe(before);
  });
});
