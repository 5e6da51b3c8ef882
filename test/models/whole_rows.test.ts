/** Models whose rows are users: the vector of a user, and the loss of its whole row. In the batch here, user i has item i alone. */
import { describe, expect, it } from 'vitest';
import { evaluateGraph } from '../../src/graph/evaluate.ts';
import { initialValues } from '../../src/graph/initial.ts';
import { expectClose, feed, rowsOf } from '../compiler/library/support.ts';
import { add, dot, logSumExp, mean, normalize, type Row, times } from './reference.ts';
import { everyRow, planOfModel, type Ran, runModel } from './support.ts';

describe('elsa', () => {
  const { step, towers } = planOfModel('elsa');
  // The list of a user has one element, the item of its row.
  const inputs = feed(step, everyRow.length);
  const unitRows = (name: string): readonly Row[] => rowsOf(inputs[name]!).map(normalize);

  it('has unit vectors of items', () => {
    const given = { movie_id: inputs['corpus/movie_id']! };
    const { vector } = evaluateGraph(towers[1].embedded.graph, given, {}).outputs;
    for (const row of everyRow) expectClose(rowsOf(vector!)[row]!, unitRows('corpus/movie_id')[row]!);
  });

  it('loses by the distance of two unit rows: what others say about each item, and what the user has', () => {
    const items = unitRows('corpus/movie_id');
    const losses = unitRows('elements/movie_id').map((user, row) => {
      const others = normalize(items.map((item, at) => dot(user, item) - (at === row ? 1 : 0)));
      return others.reduce((total, score, at) => total + (score - (at === row ? 1 : 0)) ** 2, 0);
    });
    expectClose(
      [evaluateGraph(step.graph, inputs, initialValues(step.graph, 4)).outputs.loss!.data[0]!],
      [mean(losses)],
      1e-4,
    );
  });
});

/** tanh(W Σ e ÷ √n + b): what flows into the last step of both files. */
function encoded(ran: Ran, row: number): Row {
  const count = ran.input('history/mask')[row]!.reduce((sum, each) => sum + each);
  const total = ran.sequence('history', row).reduce((sum, x) => add(sum, x));
  return ran.weights.dense(times(total, 1 / Math.sqrt(count)), 'user/main/dense', '', Math.tanh);
}

describe.each([
  { name: 'mult_dae', codeOf: encoded },
  {
    name: 'mult_vae',
    codeOf: (ran: Ran, row: number) => ran.weights.dense(encoded(ran, row), 'user/main/gaussian', '_mean'),
  },
])('$name', ({ name, codeOf }) => {
  const plainly = (text: string): string =>
    text.replace('-> dropout(0.5, elements)', '').replace('max: 200', 'max: 20');
  const ran = runModel(planOfModel(name, plainly), { lengths: [5, 3, 1, 2, 4] });

  it('makes its user vector of the list by the formula of the paper, and its item vector of a table of its own', () => {
    for (const row of everyRow) {
      expectClose(ran.vectors[0][row]!, codeOf(ran, row), 1e-4);
      expectClose(ran.vectors[1][row]!, ran.input('movie_id')[row]!);
    }
  });

  it('loses by the likelihood of the items of a user among all', () => {
    if (name !== 'mult_dae') return;
    const corpus = ran.input('corpus/movie_id');
    const losses = everyRow.map((row) => {
      const scores = corpus.map((item) => dot(codeOf(ran, row), item));
      return logSumExp(scores) - scores[row]!;
    });
    expectClose([ran.losses.loss!], [mean(losses)], 1e-4);
  });
});

it('mult_vae adds the divergence of its code to the likelihood, once its weight has risen', () => {
  const lossAt = (kl: string): number => {
    const text = (file: string): string => file.replace('kl: 0.2, anneal: 300', kl).replace('max: 200', 'max: 20');
    return runModel(planOfModel('mult_vae', text), { lengths: [5, 3, 1, 2, 4], step: 150 }).losses.loss!;
  };
  const [without, whole, half] = ['kl: 0, anneal: 300', 'kl: 0.2, anneal: 150', 'kl: 0.2, anneal: 300'].map(lossAt) as [
    number,
    number,
    number,
  ];
  expect(whole - without).toBeGreaterThan(0.01);
  expect(half - without).toBeCloseTo((whole - without) / 2, 4);
});
