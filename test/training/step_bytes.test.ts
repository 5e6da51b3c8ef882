/** What a step is foreseen to hold, for models that are wide each in its own way. */
import { expect, it } from 'vitest';
import { makeSource } from '../../src/base/text/source.ts';
import { compileSource } from '../../src/compiler/pipeline.ts';
import { stepBytes } from '../../src/training/embedding/tables.ts';

const batch = 100;

interface Parts {
  readonly dim?: number;
  readonly features?: string;
  readonly inputs?: string;
  readonly flow?: string;
  readonly others?: string;
}

function foreseen(
  { dim = 8, features = '', inputs = 'user_id', flow = 'user_id -> mlp(8)', others = 'in_batch' }: Parts,
  rows = batch,
  corpus = 1,
): number {
  const { lowered, diagnostics } = compileSource(
    makeSource(
      'wide.tower',
      `model wide
features { user_id: id(dim: ${dim}), movie_id: id(dim: 8) ${features} }
group g = ${inputs}
tower user(g) keyed by user_id { channel main = ${flow} }
tower item(movie_id) keyed by movie_id { channel main = movie_id -> mlp(8) }
task view { score = cosine(user, item), loss = softmax(${others}, temperature: 0.05) }
`,
    ),
  );
  if (!lowered) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return stepBytes(lowered.plan.step, { batch: rows, corpus });
}

const four = ', a: id(dim: 8), b: id(dim: 8), c: id(dim: 8)';
const inputs = 'user_id, a, b, c';

// At the least: the wide value and its gradient, four bytes a number.
it.each<[string, Parts, number]>([
  ['dim', { dim: 100_000 }, 2 * batch * 100_000],
  ['mlp', { flow: 'user_id -> mlp(50_000, 8)' }, 2 * batch * 50_000 + 3 * 8 * 50_000],
  [
    'list',
    {
      features: ', history: list(movie_id, max: 5000, pool: none)',
      inputs: 'user_id, history',
      flow: 'history -> attention -> mlp(8)',
    },
    batch * 5000 * 8,
  ],
  ['cin', { features: four, inputs, flow: 'g -> cin(2000) -> mlp(8)' }, 2 * batch * 2000 * 8],
  ['crossing layers', { dim: 20_000, flow: 'user_id -> cross(layers: 1) -> mlp(8)' }, 4 * batch * 20_000],
])('%s', (_, parts, numbers) => {
  expect(foreseen(parts)).toBeGreaterThan(4 * numbers);
});

it('grows with the square of the batch, where each row is scored against each', () => {
  expect(foreseen({}, 20_000)).toBeGreaterThan(4 * 2 * 20_000 ** 2);
});

it('grows with the items of the corpus, where each row is scored against all', () => {
  expect(foreseen({ others: 'all' }, batch, 1_000_000)).toBeGreaterThan(4 * 2 * batch * 1_000_000);
});
