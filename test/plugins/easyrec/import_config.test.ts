/** `tower import` with files: rows get their header, items of a sampler become a table, and the result checks. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { importConfig } from '../../../src/plugins/easyrec/import_config.ts';
import { inProcess } from '../../app/cli/in_process.ts';
import { temporaryFolder } from '../../temporary_folder.ts';

const shop = readFileSync('test/plugins/easyrec/configs/dssm-of-shops.config', 'utf8');

const row = (at: number): string =>
  [
    1,
    `s${at % 5}`,
    at % 2 ? 'Oslo' : 'Rome',
    'new:0.5|red:2',
    `p${at % 7}|p${(at + 1) % 7}`,
    `p${at % 6}`,
    at % 3,
    4 + at,
  ].join(',');
const rows = (count: number): string => `${Array.from({ length: count }, (_, at) => row(at)).join('\n')}\n`;
const products = (weight: (at: number) => number): string =>
  `id:string\tweight:float\tattrs:string\n${Array.from({ length: 7 }, (_, at) => `${at}\t${weight(at)}\tp${at}:${at % 3}:${4 + at}\n`).join('')}`;

/** A project as EasyRec has it: configs in a folder, data in another. */
function project(
  config: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): { config: string; out: string; folder: string } {
  const folder = temporaryFolder('tower-import-');
  mkdirSync(join(folder, 'data'));
  mkdirSync(join(folder, 'configs'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, 'data', name), content);
  writeFileSync(join(folder, 'configs', 'shop.config'), config);
  return { folder, config: join(folder, 'configs', 'shop.config'), out: join(folder, 'imported') };
}

const files = { shop_train: rows(60), shop_test: rows(20), shop_products: products(() => 1) };
const codeOf = async (work: Promise<unknown>): Promise<string> => {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(Failure);
  return (thrown as Failure).diagnostics[0]!.code;
};

describe('import', () => {
  it('leaves nothing of a try that failed, so that the next one succeeds', async () => {
    const { config, folder, out } = project(shop, {
      ...files,
      shop_products: 'id:string\tweight:float\tattrs:string\n1\t1\tp\n',
    });
    expect(await codeOf(importConfig({ config, out }))).toBe('config-items');
    expect(readdirSync(out)).toEqual([]);
    writeFileSync(join(folder, 'data', 'shop_products'), files.shop_products);
    expect((await importConfig({ config, out })).copies).toHaveLength(3);
  });

  it('says of rows that a kill left what to remove', async () => {
    const { config, out } = project(shop, files);
    mkdirSync(out);
    writeFileSync(join(out, 'train.csv'), 'bought');
    await expect(importConfig({ config, out })).rejects.toMatchObject({
      diagnostics: [{ code: 'starter-exists', hint: expect.stringContaining('that did not end') }],
    });
  });

  it('refuses rows whose compressed file is cut off', async () => {
    const { config, folder, out } = project(shop, { shop_test: files.shop_test, shop_products: files.shop_products });
    writeFileSync(join(folder, 'data', 'shop_train.gz'), gzipSync(rows(5000)).subarray(0, 4000));
    const events = join(folder, 'data', 'shop_train.gz');
    expect(await codeOf(importConfig({ config, out, events }))).toBe('cannot-read');
  });

  it('finds the data next to the folder of the config, and what it writes checks', async () => {
    const { config, out } = project(shop, files);
    const { missing, copies, model, notes } = await importConfig({ config, out });
    expect(missing).toEqual([]);
    expect(copies.map(({ to }) => to)).toEqual(['train.csv', 'test.csv', 'items.csv'].map((name) => join(out, name)));
    expect(readFileSync(join(out, 'train.csv'), 'utf8')).toBe(
      `bought,shopper,city,tags,seen,product,brand,price\n${rows(60)}`,
    );
    expect(readFileSync(join(out, 'items.csv'), 'utf8').split('\n').slice(0, 3)).toEqual([
      'product,brand,price',
      'p0,0,4',
      'p1,1,5',
    ]);
    expect(readFileSync(join(out, 'data.tower'), 'utf8')).toContain('items  = "items.csv" by product');
    expect(notes.every(({ line }) => line > 0)).toBe(true);
    // `importConfig` checks what it writes.
    expect(existsSync(model)).toBe(true);
  });

  it('quotes rows of a separator that Tower does not find, unpacks them, and says what it drew of items', async () => {
    const strange = (text: string): string => text.replaceAll(',', '\u0001').replaceAll('Oslo', 'Oslo, "N"');
    const text = shop
      .replace('input_type: CSVInput', "input_type: CSVInput separator: '\\001'")
      .replace('"data/shop_train"', '"data/shop_train.gz"');
    const { config, out } = project(text, {
      'shop_train.gz': gzipSync(strange(rows(30))),
      shop_test: strange(rows(9)),
      shop_products: products((at) => at),
    });
    const { notes } = await importConfig({ config, out });
    expect(readFileSync(join(out, 'train.csv'), 'utf8').split('\n')[2]).toBe(
      '1,s1,"Oslo, ""N""",new:0.5|red:2,p1|p2,p1,1,5',
    );
    expect(notes.map(({ text: said }) => said)).toContainEqual(expect.stringContaining('not by these weights'));
  });

  it('says which files must be put there, where there are none', async () => {
    const { config, out } = project(shop, {});
    const { missing } = await importConfig({ config, out });
    expect(missing.map(({ path }) => path)).toEqual([join(out, 'train.csv'), join(out, 'test.csv')]);
    expect(new Set(missing[0]!.columns)).toEqual(
      new Set(['shopper', 'city', 'tags', 'product', 'seen', 'brand', 'price']),
    );
  });

  it('overwrites nothing, and names what does not fit', async () => {
    const { config, out, folder } = project(shop, {
      ...files,
      broken: 'id:string\tweight:float\tattrs:string\n1\t1\tp0\n',
    });
    await importConfig({ config, out });
    expect(await codeOf(importConfig({ config, out }))).toBe('starter-exists');
    expect(await codeOf(importConfig({ config, out: join(folder, 'b'), items: join(folder, 'data', 'broken') }))).toBe(
      'config-items',
    );
    expect(await codeOf(importConfig({ config: join(folder, 'none.config'), out }))).toBe('cannot-read');
    const other = project(shop, { ...files, other: 'a,b\n1,2\n' });
    const events = join(other.folder, 'data', 'events.csv');
    writeFileSync(events, 'shopper,city,tags,seen,product,brand\n');
    expect(await codeOf(importConfig({ config: other.config, out: other.out, events }))).toBe('import-fails');
  });

  it('does not follow a path of the config out of its folders', async () => {
    const { config, out, folder } = project(shop.replace('data/shop_train', '../../../../../../etc/hostname'), files);
    const { missing } = await importConfig({ config, out });
    expect(missing.map(({ path }) => path)).toEqual([join(out, 'train.csv')]);
    expect(existsSync(join(folder, 'imported', 'train.csv'))).toBe(false);
  });

  it('is a command, which names each field with its line', async () => {
    const { config, out } = project(shop, files);
    const { written, said, thrown } = await inProcess('import', 'easyrec', config, '--out', out);
    expect(thrown).toBeUndefined();
    expect(said).toContain(`wrote ${join(out, 'items.csv')}, 7 items`);
    expect(written).toContain('line 10: learning_rate.exponential_decay_learning_rate');
    expect(written).toContain(`Next:\n  tower train ${join(out, 'model.tower')}`);
    const wrong = await inProcess('import', 'easyrek', config);
    expect((wrong.thrown as Failure).diagnostics[0]!.code).toBe('unknown-name');
  });
});
