import { expect, it } from 'vitest';
import { makeMeasures } from '../../../src/training/evaluation/figures.ts';
import { popularityLevel } from '../../../src/training/evaluation/popularity_level.ts';
import { dataset } from '../trained.ts';

const measures = makeMeasures([
  { metric: 'recall', k: 3 },
  { metric: 'coverage', k: 3 },
]);

it('is the share of validation events whose item is among those with the most training events', async () => {
  const { corpus, parts } = dataset;
  const figures = await popularityLevel({ dataset }, measures, false);
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
  expect(await popularityLevel({ dataset: without }, measures, false)).toBeUndefined();
});
