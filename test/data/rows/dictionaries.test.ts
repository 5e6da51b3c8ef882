import { expect, it, onTestFinished } from 'vitest';
import { limitTextBytes, PackedTexts } from '../../../src/base/text/texts.ts';
import { bindData } from '../../../src/data/binding/bind.ts';
import { makeReadPlan } from '../../../src/data/binding/data_layout.ts';
import { openDatabase } from '../../../src/data/files/duckdb.ts';
import type { Dictionaries } from '../../../src/data/rows/raw.ts';
import { stage } from '../../../src/data/rows/stage.ts';
import { makeDictionaries } from '../../../src/data/rows/valid_files.ts';
import { describeData, failureOf, folderWith, needsOf, vocabulary } from '../fixture.ts';

const needs = needsOf({ user: { encoder: vocabulary } }, { item: { encoder: vocabulary } });

async function dictionariesOf(csv: string): Promise<Dictionaries> {
  const description = describeData({ folder: folderWith({ 'events.csv': csv }) });
  const bound = await bindData(description, needs);
  const { layout, discard } = bound.output!;
  const database = await openDatabase();
  onTestFinished(() => {
    database.close();
    discard();
  });
  const staged = await stage(database, layout.sources.get('events')!, layout);
  const readPlan = makeReadPlan(description, needs, layout);
  return makeDictionaries({ database, layout, readPlan, staged: new Map([['events', staged]]) });
}

/** What the database keeps within a value, and what it keeps elsewhere; marks of UTF-8; characters of one to four bytes. */
const hard = ['x', '\ufeffx', '\ufeff\ufeffx', '\ufeff', '123456789012', '1234567890123', 'é'.repeat(6), 'é'.repeat(7)];
const more = ['日本', '🎬', '\uffff', '\ue000', 'a b', 'x'.repeat(70), 'x'.repeat(4000)];

it('has each text once, as it is, after the empty one', async () => {
  const all = [...hard, ...more];
  // More of them than a chunk of the database has.
  const users = Array.from({ length: 5000 }, (_, at) => `user number ${at % 2500}`);
  const rows = users.map((user, at) => `${user},"${all[at % all.length]}"\n`);
  const found = await dictionariesOf(`user,item\nann,first\n${rows.join('')},\n`);
  const items = found.get('item')!;
  const inBytes = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other));
  expect(items).toBeInstanceOf(PackedTexts);
  expect([...items]).toStrictEqual(['', ...[...all, 'first'].sort(inBytes)]);
  expect([...found.get('user')!]).toStrictEqual(['', ...new Set(['ann', ...users])].sort());
});

it('is refused where its offsets would not reach its bytes', async () => {
  const csv = 'user,item\nann,0123\nbob,45é\n';
  onTestFinished(() => limitTextBytes());
  limitTextBytes(8);
  expect([...(await dictionariesOf(csv)).get('item')!]).toEqual(['', '0123', '45é']);
  limitTextBytes(7);
  expect(await failureOf(dictionariesOf(csv))).toEqual([
    expect.stringMatching(/^dictionary-too-large .*the texts of `item` take 0\.0 MB, and/),
  ]);
});
