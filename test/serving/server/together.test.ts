/** What is asked together is answered together, and a mistake stays with its question. */
import { expect, it } from 'vitest';
import { makeBatcher } from '../../../src/serving/server/answers.ts';

/** Doubles numbers; 13 has a mistake, and 99 fails the whole batch that it is in. */
function doubling(most: number, until: Promise<void> = Promise.resolve()) {
  const batches: (readonly number[])[] = [];
  const ask = makeBatcher<number, number>(async (questions) => {
    batches.push(questions);
    await until;
    if (questions.includes(99)) throw new Error('it fails for all');
    return questions.map((each) => (each === 13 ? new Error('13 has a mistake') : 2 * each));
  }, most);
  return { batches, ask };
}

const all = (asked: readonly Promise<number>[]) =>
  Promise.all(asked.map((each) => each.catch((error: Error) => error.message)));

it('makes one batch of what is asked at one time, and gives each its answer', async () => {
  const { batches, ask } = doubling(64);
  expect(await all([1, 2, 3, 4].map((each) => ask(each)))).toEqual([2, 4, 6, 8]);
  expect(await ask(5)).toBe(10);
  expect(batches).toEqual([[1, 2, 3, 4], [5]]);
});

it('makes the next batch of what comes while one is answered, of no more than the most', async () => {
  let release = (): void => {};
  const { batches, ask } = doubling(3, new Promise((resolve) => (release = resolve)));
  const first = ask(0);
  while (batches.length === 0) await new Promise(setImmediate);
  const later = [1, 2, 3, 4, 5].map((each) => ask(each));
  release();
  expect(await all([first, ...later])).toEqual([0, 2, 4, 6, 8, 10]);
  expect(batches).toEqual([[0], [1, 2, 3], [4, 5]]);
});

it('keeps a mistake with its question, also where it fails the batch', async () => {
  const { batches, ask } = doubling(64);
  expect(await all([1, 13, 2].map((each) => ask(each)))).toEqual([2, '13 has a mistake', 4]);
  expect(await all([1, 99, 2].map((each) => ask(each)))).toEqual([2, 'it fails for all', 4]);
  expect(batches.slice(1)).toEqual([[1, 99, 2], [1], [99], [2]]);
});

it('drops a question that nobody waits for', async () => {
  const { batches, ask } = doubling(64);
  const asked = [ask(1), ask(2, { isOver: () => true })];
  expect(await all(asked)).toEqual([2, 'nobody waits for the answer']);
  expect(batches).toEqual([[1]]);
});
