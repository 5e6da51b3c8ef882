/** Lists of texts that fit each, and not together. */
import { expect, it, onTestFinished } from 'vitest';
import { limitTextBytes, packTexts } from '../../../src/base/text/texts.ts';
import type { Pinned } from '../../../src/data/pinned.ts';
import { readDataset } from '../../../src/data/read_dataset.ts';
import type { Encoder } from '../../../src/graph/plan/plan.ts';
import { describeData, failureOf, folderWith, needsOf, vocabulary } from '../fixture.ts';

/** As refused where a list of texts holds so many bytes. */
async function refused(most: number, work: () => Promise<unknown>): Promise<readonly string[]> {
  onTestFinished(() => limitTextBytes());
  limitTextBytes(10_000);
  await work();
  limitTextBytes(most);
  return failureOf(work());
}

const tooLarge = (name: string) => [
  expect.stringMatching(`^dictionary-too-large .*the texts of \`${name}\` take more, and`),
];

it('titles of all items may be more than the distinct ones', async () => {
  const folder = folderWith({
    'events.csv': 'user,item\nann,1\nbob,2\nann,3\n',
    'items.csv': `item,title\n${[1, 2, 3].map((item) => `${item},${'t'.repeat(100)}`).join('\n')}\n`,
  });
  const needs = needsOf({ user: { encoder: vocabulary } }, { item: { encoder: vocabulary } });
  const data = describeData({ folder, items: 'items.csv', columns: { title: 'title' } });
  const read = () => readDataset(data, { ...needs });
  expect([...(await read()).corpus.titles!]).toEqual(Array(3).fill('t'.repeat(100)));
  expect(await refused(250, read)).toEqual(tooLarge('title'));
});

const rare: Encoder = { kind: 'vocabulary', minimumCount: 2 };
it.each([
  ['grows', vocabulary],
  ['admits values by their count', rare],
])('a vocabulary that %s may outgrow a list', async (_, encoder) => {
  const folder = folderWith({ 'events.csv': `user,item\nann,${'b'.repeat(100)}\nbob,${'b'.repeat(100)}\n` });
  const needs = needsOf({ user: { encoder: vocabulary } }, { item: { encoder } });
  const pinned: Pinned = {
    encodings: new Map([['item', { kind: 'vocabulary', values: packTexts(['a'.repeat(100)]) }]]),
    grows: true,
  };
  expect(await refused(150, () => readDataset(describeData({ folder }), needs, { pinned }))).toEqual(tooLarge('item'));
});
