import { describe, expect, it } from 'vitest';
import type { IndexedBags } from '../../../../src/data/dataset.ts';
import { type TunedBaseline, trainingInteractions } from '../../../../src/training/evaluation/baselines/baseline.ts';
import { baselines } from '../../../../src/training/evaluation/baselines/table.ts';
import { chooseSetting, keepTopItems } from '../../../../src/training/evaluation/baselines/tune_baselines.ts';
import { makeTask } from '../../../../src/training/evaluation/contestants.ts';
import { plainProduct } from '../../../../src/training/scoring/matrix_product.ts';
import { makePlan } from '../../fixture_plan.ts';
import { makeDataset } from '../../fixtures.ts';

const dataset = makeDataset({ users: 12, items: 30, eventsPerUser: 14, heldOut: 4 });
const task = makeTask({ dataset, part: 'validation', plan: makePlan() });

describe('among the items with the most training events', () => {
  const most = 8;
  const fewer = keepTopItems(task, most);
  const counts = task.corpus.trainingCounts;
  const kept = [...counts.keys()]
    .sort((a, b) => counts[b]! - counts[a]! || a - b)
    .slice(0, most)
    .sort((a, b) => a - b);

  it('are their counts, and the events of them, in the same order', () => {
    expect([...fewer.corpus.trainingCounts]).toEqual(kept.map((item) => counts[item]));
    const rows = [...task.events.item.keys()].filter((row) => kept.includes(task.events.item[row]!));
    expect(rows.length).toBeGreaterThan(0);
    expect([...fewer.events.item].map((item) => kept[item])).toEqual(rows.map((row) => task.events.item[row]));
    expect([...fewer.events.user]).toEqual(rows.map((row) => task.events.user[row]));
  });

  it('are what their users had of them, in training and before each event', () => {
    const before = trainingInteractions(task);
    const after = trainingInteractions(fewer);
    for (let user = 0; user < task.users.rows; user++) {
      const own = (of: typeof before): number[] => [
        ...of.itemsOf.values.subarray(of.itemsOf.starts[user]!, of.itemsOf.starts[user + 1]!),
      ];
      expect(own(after).map((item) => kept[item])).toEqual(own(before).filter((item) => kept.includes(item)));
    }
    const bag = ({ bags, index }: IndexedBags, row: number): number[] => {
      const at = index ? index[row]! : row;
      return [...bags.values.subarray(bags.starts[at]!, bags.ends[at]!)];
    };
    const first = [...task.events.item].findIndex((item) => kept.includes(item));
    expect(bag(fewer.history!, 0).flatMap((item) => (item < 0 ? [] : [kept[item]]))).toEqual(
      bag(task.history!, first).filter((item) => kept.includes(item)),
    );
  });

  it('are all items where there are no more', () => {
    expect(keepTopItems(task, task.corpus.rows)).toBe(task);
  });
});

it('chooses a setting among fewer items, says so, and scores all items by it', async () => {
  const row: TunedBaseline = { ...(baselines.ease as TunedBaseline), choosesAmong: () => 8 };
  const options = { validation: task, removeSeen: false, product: plainProduct };
  const { setting, words, scores } = await chooseSetting(row, trainingInteractions(task), options);
  expect(words).toMatch(
    /^λ = \d+, chosen out of 6 by ndcg@10 on \d+ of [\d,]+ validation events, among the 8 items with/,
  );
  const whole = await chooseSetting(
    { ...row, choosesAmong: () => undefined, settings: [setting] },
    trainingInteractions(task),
    options,
  );
  const [some, all] = [scores, whole.scores].map((add) => {
    const target = new Float64Array(task.corpus.rows);
    add(Int32Array.of(1, 4, 9), target, -1);
    return target;
  });
  expect(some).toEqual(all);
});
