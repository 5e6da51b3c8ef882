import { expect, it } from 'vitest';
import { evaluateModel } from '../../../src/training/evaluation/evaluate_model.ts';
import { makeMeasures } from '../../../src/training/evaluation/figures.ts';
import { linesToBeat } from '../../../src/training/evaluation/lines_to_beat.ts';
import { dataset } from '../trained.ts';

const measures = makeMeasures([
  { metric: 'recall', k: 3 },
  { metric: 'coverage', k: 3 },
]);

it('has the share of validation events whose item is among those with the most training events', async () => {
  const { corpus, parts } = dataset;
  const { popularity: figures } = (await linesToBeat({ dataset }, measures, false))!;
  const { item, rows } = parts.validation;
  let found = 0;
  for (let row = 0; row < rows; row++) {
    const own = corpus.trainingCounts[item[row]!] ?? 0;
    if (own === 0) continue;
    const others = [...corpus.trainingCounts].filter((_, each) => each !== item[row]);
    const [better, equal] = [
      others.filter((count) => count > own).length,
      others.filter((count) => count === own).length,
    ];
    // Equal counts share their ranks: the share of orders in which the item is among the first three.
    found += Math.min(1, Math.max(0, 3 - better) / (equal + 1));
  }
  expect(figures!['recall@3']).toBeCloseTo(found / rows, 10);
  expect(Object.keys(figures!)).toEqual(['recall@3']);
});

it('is none where there is no validation part', async () => {
  const without = { ...dataset, parts: { ...dataset.parts, validation: { ...dataset.parts.validation, rows: 0 } } };
  expect(await linesToBeat({ dataset: without }, measures, false)).toBeUndefined();
});

it('has item_cf too, unless reading what users had would hold up the training', async () => {
  const zeros = {
    name: 'zeros',
    doc: 'zeros',
    score: (rows: Int32Array) => new Float32Array(rows.length * dataset.corpus.rows),
  };
  const { rows } = await evaluateModel({
    ...{ dataset, part: 'validation', scorer: zeros, measures: measures.slice(0, 1), removeSeen: false },
    baselines: ['item_cf'],
  });
  expect((await linesToBeat({ dataset }, measures, false))!.item_cf).toEqual(rows[1]!.all);
  const { seen } = dataset.users;
  const many = { ...seen, ends: seen.ends.map((end) => end + 1e8) };
  const large = { ...dataset, users: { ...dataset.users, seen: many } };
  expect(Object.keys((await linesToBeat({ dataset: large }, measures, false))!)).toEqual(['popularity']);
});
