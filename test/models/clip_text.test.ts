import { expect, it } from 'vitest';
import { expectClose } from '../compiler/library/support.ts';
import { cosine, dot, logSumExp, mean, type Row } from './reference.ts';
import { everyRow, planOfModel, runModel } from './support.ts';

const plan = planOfModel('clip_text');
/** Rows 1 and 3 are of one text. */
const hits = [
  [1, 3],
  [3, 1],
] as const;
const ran = runModel(plan, { hits });
const side = (tower: string, name: string): readonly Row[] =>
  ran.input(name).map((x) => ran.weights.mlp(x, `${tower}/main/mlp`));
const queries = side('query', 'query');
const texts = side('document', 'title');

it('scores by the cosine of two towers', () => {
  everyRow.forEach((row) => {
    expectClose(
      ran.vectors[1].map((text) => dot(ran.vectors[0][row]!, text)),
      texts.map((text) => cosine(queries[row]!, text)),
    );
  });
});

it('loses by half of the softmax over texts and half of that over queries, at the temperature that it begins with', () => {
  const isHit = (a: number, b: number): boolean => hits.some(([row, column]) => row === a && column === b);
  const logits = queries.map((query) => texts.map((text) => cosine(query, text) / 0.07));
  const losses = everyRow.map((own) => {
    const others = everyRow.filter((other) => !isHit(own, other));
    const amongTexts = logSumExp(others.map((other) => logits[own]![other]!)) - logits[own]![own]!;
    const amongQueries = logSumExp(others.map((other) => logits[other]![own]!)) - logits[own]![own]!;
    return (amongTexts + amongQueries) / 2;
  });
  expect(ran.losses.loss).toBeCloseTo(mean(losses), 4);
});

it('trains the temperature, and reads no id', () => {
  const learned = plan.step.graph.parameters.filter(({ name }) => name.endsWith('log_scale'));
  expect(learned).toMatchObject([{ trainable: true }]);
  expect(plan.tables.map(({ name }) => name)).toEqual(['query', 'title']);
});
