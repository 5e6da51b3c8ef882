/** The dense encoder of RecVAE by the formulas of its paper, and the likelihood with the distance from the standard normal distribution. */
import { expect, it } from 'vitest';
import { expectClose } from '../compiler/library/support.ts';
import { add, dot, logSumExp, mean, type Row, sigmoid, times } from './reference.ts';
import { everyRow, planOfModel, runModel } from './support.ts';

const plainly = (text: string): string =>
  text
    .replace('-> dropout(0.5, elements)', '')
    .replace('max: 200', 'max: 20')
    .replace('per_item(0.02)', 'per_item(0.5)');
const plan = planOfModel('vae_per_item', plainly);
const ran = runModel(plan, { lengths: [5, 3, 1, 2, 4] });
const { weights } = ran;

const swish = (x: number): number => x * sigmoid(x);

/** (x − mean) ÷ √(variance + 0.1), with a gain and an offset. */
function normed(x: Row, at: string): Row {
  const middle = mean(x);
  const spread = Math.sqrt(mean(x.map((value) => (value - middle) ** 2)) + 0.1);
  const gain = weights.tensor(`${at}/gain`).data;
  return weights.plus(
    x.map((value, i) => ((value - middle) / spread) * gain[i]!),
    `${at}/offset`,
  );
}

/** h₁ = LN(swish(W₁ x)), hₖ = LN(swish(Wₖ hₖ₋₁ + h₁ + … + hₖ₋₁)) with x of length 1. */
function encoded(row: number): Row {
  const count = ran.input('history/mask')[row]!.reduce((sum, each) => sum + each);
  const total = ran.sequence('history', row).reduce((sum, x) => add(sum, x));
  const layers: Row[] = [normed(times(total, 1 / Math.sqrt(count)).map(swish), 'user/h1/scaled/layer_norm')];
  for (const layer of [2, 3, 4, 5]) {
    const mapped = weights.dense(layers.at(-1)!, `user/d${layer}/dense`);
    const sum = layers.reduce((all, each) => add(all, each), mapped);
    layers.push(normed(sum.map(swish), `user/h${layer}/scaled/layer_norm`));
  }
  return layers.at(-1)!;
}

const codeOf = (row: number): readonly [Row, Row] => [
  weights.dense(encoded(row), 'user/main/gaussian', '_mean'),
  weights.dense(encoded(row), 'user/main/gaussian', '_variance'),
];

it('makes its user vector of the list by the formula of the paper, and its item vector of a table of its own', () => {
  for (const row of everyRow) {
    expectClose(ran.vectors[0][row]!, codeOf(row)[0], 1e-4);
    expectClose(ran.vectors[1][row]!, ran.input('movie_id')[row]!);
  }
});

it('loses by the items of a user among all, and by how far its code is from the prior, for each of these items', () => {
  const [noise, items] = (['noise', 'item_counts'] as const).map((from) =>
    ran.input(plan.step.inputs.find(({ source }) => source.from === from)!.name),
  ) as [readonly Row[], readonly Row[]];
  const corpus = ran.input('corpus/movie_id');
  const losses = everyRow.map((row) => {
    const [middle, logVariance] = codeOf(row);
    const z = middle.map((value, i) => value + Math.exp(logVariance[i]! / 2) * noise[row]![i]!);
    const scores = corpus.map((item) => dot(z, item));
    const distances = middle.map((value, i) => (value ** 2 + Math.exp(logVariance[i]!) - 1 - logVariance[i]!) / 2);
    // In the batch here, user i has item i alone; the weight is that of the number of items it is told.
    return logSumExp(scores) - scores[row]! + 0.5 * items[0]![row]! * distances.reduce((a, b) => a + b);
  });
  expectClose([ran.losses.loss!], [mean(losses)], 1e-4);
  expect(new Set(items[0]).size).toBeGreaterThan(1);
});
