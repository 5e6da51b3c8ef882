import { expect, it } from 'vitest';
import { blockPositions } from '../../../src/app/api/train.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { compileSource } from '../../../src/compiler/pipeline.ts';

it('finds steps, scores and losses where they are written, by the labels that nodes of the step have', () => {
  const text = `model two
features {
  user : id(dim: 8)
  item : id(dim: 8)
}
tower asks(user) keyed by user    { channel main = user -> mlp(8, 4) }
tower answers(item) keyed by item {
  channel main = item -> dense(4)
}
task watch {
  score = cosine(asks, answers)
  loss  = softmax(in_batch, temperature: 0.05)
}
`;
  const { model, lowered } = compileSource(makeSource('models/two.tower', text));
  const places = blockPositions({ model: model!, lowered: lowered! });
  const file = 'models/two.tower';
  expect(places.get('asks/main/mlp')).toEqual({ file, line: 6, column: 60 });
  expect(places.get('answers/main/dense')).toEqual({ file, line: 8, column: 26 });
  expect(places.get('score/watch')).toMatchObject({ line: 11 });
  expect(places.get('loss/watch')).toMatchObject({ line: 12 });
  const labels = new Set(lowered!.plan.step.graph.nodes.map(({ label }) => label));
  for (const label of places.keys()) expect(labels).toContain(label);
});
