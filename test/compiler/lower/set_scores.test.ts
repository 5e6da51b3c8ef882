/** Losses of scores of sets: where each row has one vector they are those of `dot`, and elsewhere their gradients are those of central differences. */
import { describe, expect, it } from 'vitest';
import { evaluateGraph } from '../../../src/graph/evaluate.ts';
import { initialValues } from '../../../src/graph/initial.ts';
import { differences, expectClose, feed, planOf } from '../library/support.ts';

const model = (max: number, score: string, channel: string, loss: string): string => `
  model sets
  features {
    query_id : id(dim: 4)
    text     : list(id(dim: 4), max: ${max}, pool: none)
    asked    : like(text)
    doc_id   : id(dim: 0)
  }
  ${/label = \w+/.test(loss) ? `labels { label: ${loss.startsWith('bce') ? 'binary' : 'number'} }` : ''}
  tower query(asked) keyed by query_id { channel tokens = asked${channel} }
  tower doc(text) keyed by doc_id { channel tokens = text${channel} }
  task match { score = 2 * ${score}(query.tokens, doc.tokens), loss = ${loss} }`;

const losses = [
  'softmax(in_batch, smoothing: 0.1, margin: 0.2)',
  'softmax(in_batch, symmetric, temperature: learned(0.5))',
  'softmax(in_batch, correction: refined)',
  'softmax(negatives: sampled(3), smoothing: 0.1)',
  'softmax(negatives: sampled(3, shared))',
  'softmax(in_batch, negatives: sampled(3))',
  'softmax(in_batch, hardest: 2)',
  'softmax(all, smoothing: 0.1)',
  'bpr(negatives: sampled(3))',
  'hinge(in_batch)',
  'bsl(in_batch)',
  'listwise',
  'bce(negatives: sampled(2))',
  'bce, label = label',
  'mse, label = label',
];

const rows = 3;
const hits = { hits: [[0, 1]] as const };

describe('of one vector a row are those of `dot`', () => {
  it.each(losses)('%s', (loss) => {
    const [sets, plain] = [planOf(model(1, 'max_sim', '', loss)), planOf(model(1, 'dot', ' -> mean', loss))];
    const lossOf = ({ step }: typeof sets): number => {
      const inputs = { ...feed(sets.step, rows, hits), ...feed(plain.step, rows, hits) };
      return evaluateGraph(step.graph, inputs, initialValues(step.graph, 1)).outputs.loss!.data[0]!;
    };
    expectClose([lossOf(sets)], [lossOf(plain)], 1e-5);
  });
});

describe('of several vectors have the gradient of central differences', () => {
  // The refined correction does not differentiate its weights.
  const differentiable = losses.filter((loss) => !loss.includes('refined'));
  it.each(['softmax(in_batch)', 'softmax(all)', ...differentiable])('%s', (loss) => {
    const { step } = planOf(model(3, 'max_sim', '', loss));
    const inputs = feed(step, rows, hits);
    const parameters = initialValues(step.graph, 1);
    const by = step.inputs.flatMap(({ name, source }) => (source.from === 'sequence' ? [name] : []));
    const { outputs } = evaluateGraph(step.graph, inputs, parameters);
    for (const [name, slopes] of differences(step.graph, inputs, parameters, by)) {
      expect(slopes.some((slope) => slope !== 0)).toBe(true);
      expectClose(outputs[`gradient:${name}`]!.data, slopes, 1e-4);
    }
  });
});
