import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { check } from '../../../src/app/api/check.ts';
import { dataSetNames } from '../../../src/app/api/data_sets.ts';
import type { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { dataSets } from '../../../src/plugins/sets/table.ts';
import { folderWith } from '../../data/fixture.ts';

const text = (folder: string, name: string): string => readFileSync(join(folder, name), 'utf8');
const makeToys = async (originals: Record<string, string>) => {
  const from = folderWith(originals);
  const folder = join(folderWith({}), 'toys');
  const source = await dataSets.toys.get({ folder, from, log: () => {} });
  return { folder, source, from };
};

const home = process.env.TOWER_DATA;

it('every data set has a data block of its name', () => {
  for (const name of dataSetNames) expect(existsSync(`models/data/${name}.tower`), name).toBe(true);
});

describe('toys', () => {
  const lines = 'Toys_and_Games.txt';
  const attributes = 'Toys_and_Games_item2attributes.json';
  const originals = { [lines]: '1 5 6\t7\r\n\n2 6 5 6\n', [attributes]: '{"5": [1, 2], "7": ["x y"], "9": [1]}' };

  it('keeps the order of the items of a user, and gives each item that somebody has its attributes', async () => {
    const { folder, source } = await makeToys(originals);
    expect(text(folder, 'sequences.txt')).toBe('1 5 6 7\n2 6 5 6\n');
    expect(text(folder, 'items.csv')).toBe('item,attributes\n5,1|2\n6,\n7,x y\n');
    expect(source.holds).toBe('6 events of 2 people and 3 items');
  });

  it('reads another set of the same form where its lines are named', async () => {
    const from = folderWith({ 'Beauty.txt': '1 5 6\n', 'Beauty_item2attributes.json': '{"5": [3]}' });
    const folder = join(folderWith({}), 'beauty');
    const said: string[] = [];
    await dataSets.toys.get({ folder, from: join(from, 'Beauty.txt'), log: (line) => said.push(line) });
    expect(text(folder, 'items.csv')).toBe('item,attributes\n5,3\n6,\n');
    expect(said).toEqual(['1 of 2 items have no attributes']);
  });

  it.each([
    ['it has no lines of a user and items', { [lines]: '' }],
    ['line 2 has a user, 2, and no item', { [lines]: '1 5\n2\n' }],
    ['lines 1 and 3 are of the same user, 1', { [lines]: '1 5\n2 5\n1 6\n' }],
    ['line 1 holds a zero byte', { [lines]: '1 5\0\n' }],
    ['line 2 is not UTF-8', { [lines]: '1 5\n2 \uFFFD\n' }],
    ['it is no JSON', { [attributes]: '{"5": [1' }],
    ['it is no JSON', { [attributes]: '['.repeat(200_000) }],
    ['it is no object of items and their attributes', { [attributes]: '[1]' }],
    ['the attributes of item 5 are no list', { [attributes]: '{"5": 1}' }],
    ['the attributes of item __proto__ are no list', { [attributes]: '{"__proto__": {"a": 1}}' }],
    ['an attribute of item 5 is no number and no text without a bar', { [attributes]: '{"5": ["a|b"]}' }],
    ['an attribute of item 5 is no number', { [attributes]: '{"5": [1e999]}' }],
  ])('refuses: %s', async (reason, changed) => {
    await expect(makeToys({ ...originals, ...changed })).rejects.toThrow(reason);
  });

  it('is left alone where it is whole, and made again where a byte changed', async () => {
    const { folder, from } = await makeToys(originals);
    const said: string[] = [];
    await dataSets.toys.get({ folder, from, log: (line) => said.push(line) });
    expect(said).toEqual([`${folder} has it already`]);
    writeFileSync(join(folder, 'items.csv'), 'changed');
    await dataSets.toys.get({ folder, from, log: () => {} });
    expect(text(folder, 'items.csv')).toContain('5,1|2');
  });

  it('needs its originals, and says where they are', async () => {
    const folder = folderWith({});
    const refused = await dataSets.toys.get({ folder, log: () => {} }).catch((error) => error);
    expect((refused as Failure).diagnostics[0]).toMatchObject({
      code: 'originals-needed',
      hint: expect.stringMatching(/^get them from https:.*`--from FOLDER`$/),
    });
    const empty = dataSets.toys.get({ folder, from: folderWith({}), log: () => {} });
    await expect(empty).rejects.toThrow('it does not exist');
  });

  it('needs regular files', async () => {
    const from = folderWith({ [attributes]: '{}' });
    mkdirSync(join(from, lines));
    const made = dataSets.toys.get({ folder: folderWith({}), from, log: () => {} });
    await expect(made).rejects.toThrow('it is no regular file');
  });

  it.skipIf(home === undefined)('has the size that papers report (needs TOWER_DATA)', async () => {
    const folder = join(folderWith({}), 'toys');
    const { holds, terms } = await dataSets.toys.get({ folder, from: join(home!, 'toys'), log: () => {} });
    expect(terms).toMatch(/^Amazon review data, for research/);
    expect(holds).toBe('167,597 events of 19,412 people and 11,924 items');
  });
});

describe.each<[string, Readonly<Record<string, string>>, string]>([
  ['toys', { 'sequences.txt': '1 5 6 7\n', 'items.csv': 'item,attributes\n5,1|2\n6,\n7,3\n' }, 'two_tower'],
  ...['simplex', 'mf_bpr', 'mf_bsl'].map(
    (model) =>
      ['lastfm', { 'train.txt': '0 1 2\n', 'valid.txt': '0 3\n', 'test.txt': '0 4\n' }, model] as [
        string,
        Record<string, string>,
        string,
      ],
  ),
])('the data block of %s', (set, files, model) => {
  it(`fits ${model}`, async () => {
    const root = folderWith({ 'package.json': '{}', [`${set}.tower`]: text('models/data', `${set}.tower`) });
    mkdirSync(join(root, set));
    for (const [name, content] of Object.entries(files)) writeFileSync(join(root, set, name), content);
    expect((await check(`models/${model}.tower`, { data: join(root, `${set}.tower`) })).text).toBe('');
  });
});
