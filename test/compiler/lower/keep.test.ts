/** What a step leaves in weights that are not trained. */
import { expect, test } from 'vitest';
import { evaluateGraph } from '../../../src/graph/evaluate.ts';
import { initialValues } from '../../../src/graph/initial.ts';
import { expectClose, feed, planOf, rowsOf } from '../library/support.ts';

const model = (loss: string): string => `
  model kept
  features { user_id: id(dim: 2), video_id: id(dim: 2) }
  shared block body = batch_norm(decay: 0.75)
  tower user(user_id) keyed by user_id { channel main = user_id -> body }
  tower item(video_id) keyed by video_id { channel main = video_id -> body }
  task watch { score = dot(user, item), loss = ${loss} }
  train { batch = 4, epochs = 1, dense = sgd, embeddings = sgd }
`;

function means(loss: string) {
  const { step } = planOf(model(loss));
  const inputs = feed(step, 6);
  const before = initialValues(step.graph, 1);
  const { parameters } = evaluateGraph(step.graph, inputs, before);
  const mean = (name: string): number[] => {
    const rows = rowsOf(inputs[name]!);
    return [0, 1].map((at) => rows.reduce((sum, row) => sum + row[at]!, 0) / rows.length);
  };
  return {
    kept: parameters['shared/body/batch_norm/running_mean']!.data,
    user: mean('user_id'),
    item: mean('video_id'),
    step,
  };
}

test('a block that both towers share keeps the running mean of the one, then of the other', () => {
  const { kept, user, item } = means('softmax(in_batch)');
  expectClose(
    kept,
    [0, 1].map((at) => 0.75 * (0.25 * user[at]!) + 0.25 * item[at]!),
  );
});

test('items that are only drawn as negatives leave nothing', () => {
  const { kept, user, item, step } = means('softmax(negatives: sampled(3))');
  expect(step.inputs.some(({ name }) => name.startsWith('sampled_3'))).toBe(true);
  expectClose(
    kept,
    [0, 1].map((at) => 0.75 * (0.25 * user[at]!) + 0.25 * item[at]!),
  );
});
