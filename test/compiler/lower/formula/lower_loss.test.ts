/** Losses of files, held against those of the library: they are the same numbers, and have the same gradients. */
import assert from 'node:assert/strict';
import { describe, expect, it } from 'vitest';
import { makeSource } from '../../../../src/base/text/source.ts';
import { compileSource } from '../../../../src/compiler/pipeline.ts';
import { evaluateInDoubles } from '../../../../src/graph/evaluate.ts';
import { initialValues } from '../../../../src/graph/initial.ts';

const textOf = (declared: string, loss: string) => `model m
features {
  user_id : id(dim: 3)
  history : list(item_id, max: 3)
  item_id : id(dim: 3)
}
labels { y : number }
${declared}
tower user(user_id, history) keyed by user_id { channel main = sum(user_id, history) }
tower item(item_id) keyed by item_id { channel main = item_id }
task t { score = dot(user, item), loss = ${loss} }
`;

const compiled = (declared: string, loss: string) => compileSource(makeSource('m.tower', textOf(declared, loss)));

/** Returns all numbers of a step: losses, gradients of embeddings, and updated weights. Inputs are alike for equal names. */
function stepOf(declared: string, loss: string): Readonly<Record<string, readonly number[]>> {
  const { lowered, diagnostics } = compiled(declared, loss);
  assert(lowered?.plan, diagnostics.map(({ message }) => message).join() || 'no plan');
  const { graph } = lowered.plan.step;
  const feed = Object.fromEntries(
    graph.inputs.map(({ name, node }) => {
      const { dtype, shape } = graph.nodes[node]!.type;
      // A row's own item is the only hit.
      const rows = name.startsWith('hits/') && !name.endsWith('/own') ? 0 : 3;
      const dims = shape.map((dim) => (typeof dim === 'number' ? dim : rows * (dim.times ?? 1)));
      const count = dims.reduce((all, dim) => all * dim, 1);
      const value = (index: number): number => {
        if (dtype === 'int32') return Math.floor(index / dims.length) % 3;
        return Math.sin(name.replace('corpus/', '').length + 1.7 * index);
      };
      const numbers = Array.from({ length: count }, (_, index) => value(index));
      return [
        name,
        { dtype, shape: dims, data: dtype === 'int32' ? Int32Array.from(numbers) : Float32Array.from(numbers) },
      ];
    }),
  );
  const { outputs } = evaluateInDoubles(graph, feed as never, initialValues(graph, 1));
  return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, Array.from(data)]));
}

const softmaxed =
  'loss mine(temperature) of (s: scores[i, j], q: log_q[i, j]) { c = s / temperature - q  give logsumexp over j (c) - own(c) }';
const shares = 'loss mine(temperature) of (s: scores[i, j]) { give -own(log_softmax over j (s / temperature)) }';
const smoothed =
  'loss mine(e) of (s: scores[i, j]) { give logsumexp over j (s) - (1 - e) * own(s) - e * mean over j (s) }';
const bpr = 'loss mine(scale = 1) of (s: negatives[i, j]) { give mean over j (softplus(scale * (s - own(s)))) }';
const counted = 'loss mine of (s: negatives[i, j]) { give sum over j (softplus(s - own(s))) / max(count(j), 1) }';
const triplet = 'loss mine(m = 0.2) of (s: negatives[i, j]) { give max(0, max over j (m + s - own(s))) }';
const turned = 'loss mine(m = 0.2) of (s: negatives[i, j]) { give max(0, m - min over j (own(s) - s)) }';
const ccl =
  'loss mine(margin = 0.8, w = 10) of (s: negatives[i, j]) { give 1 - own(s) + w * mean over j (relu(s - margin)) }';

describe('a loss of a file has the numbers and gradients of one of the library', () => {
  it.each([
    [softmaxed, 'mine(0.5)', 'softmax(temperature: 0.5)'],
    [softmaxed, 'mine(0.5, correction: frequency)', 'softmax(temperature: 0.5, correction: frequency)'],
    [softmaxed, 'mine(0.5, all)', 'softmax(all, temperature: 0.5)'],
    [softmaxed, 'mine(0.5, negatives: sampled(4))', 'softmax(negatives: sampled(4), temperature: 0.5)'],
    [
      softmaxed,
      'mine(0.5, negatives: sampled(4, by: frequency), correction: frequency)',
      'softmax(negatives: sampled(4, by: frequency), temperature: 0.5, correction: frequency)',
    ],
    [
      softmaxed,
      'mine(0.5, in_batch, negatives: sampled(4), correction: frequency)',
      'softmax(in_batch, negatives: sampled(4), temperature: 0.5, correction: frequency)',
    ],
    [shares, 'mine(0.5)', 'softmax(temperature: 0.5)'],
    [shares, 'mine(0.5, hardest: 2)', 'softmax(temperature: 0.5, hardest: 2)'],
    [smoothed, 'mine(0.1, negatives: sampled(4))', 'softmax(negatives: sampled(4), smoothing: 0.1)'],
    [bpr, 'mine(3)', 'bpr(scale: 3)'],
    [bpr, 'mine(in_batch, negatives: sampled(4))', 'bpr(in_batch, negatives: sampled(4))'],
    [bpr, 'mine(mask: history)', 'bpr(mask: history)'],
    [counted, 'mine(negatives: listed(history))', 'bpr(negatives: listed(history))'],
    [triplet, 'mine', 'hinge(over: hardest)'],
    [turned, 'mine(0.5)', 'hinge(over: hardest, margin: 0.5)'],
    [ccl, 'mine(0.1, negatives: sampled(4))', 'ccl(negatives: sampled(4), margin: 0.1)'],
    ['loss mine of (s: scores[i], y: labels[i]) { give square(s - y) }', 'mine, label = y', 'mse, label = y'],
  ])('%s: %s is %s', (declared, own, library) => {
    const [mine, known] = [stepOf(declared, own), stepOf('', library)];
    // With `all` the library takes the own item from the corpus too, so that its gradient is among those.
    const compared = Object.entries(known).filter(([name]) => name === 'loss' || !own.includes('all'));
    if (!own.includes('all')) expect(Object.keys(mine)).toEqual(Object.keys(known));
    for (const [name, numbers] of compared)
      for (const [index, number] of numbers.entries()) expect(mine[name]![index], name).toBeCloseTo(number, 6);
  });
});

it('refuses arguments that exclude each other', () => {
  const messageOf = (loss: string): string | undefined =>
    compiled(softmaxed, loss).diagnostics.find(({ severity }) => severity === 'error')?.message;
  expect(messageOf('mine(0.5, all, in_batch)')).toContain('takes `all`, or `in_batch` and `negatives`, not both');
  expect(messageOf('mine(0.5, all, correction: frequency)')).toContain('needs no `correction` with `all`');
  expect(messageOf('mine(0.5, gap: 0.1)')).toContain('needs `hardest` for a `gap`');
});
