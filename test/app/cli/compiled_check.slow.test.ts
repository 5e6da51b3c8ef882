/** `tower check` with the code that the build compiled, and without: what it answers is the same. */
import { execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { check } from '../../../src/app/api/check.ts';
import { toJsonDiagnostics } from '../../../src/base/diagnostics/json.ts';
import { readErrorPage } from '../../../src/compiler/explain/error_page.ts';
import { type Done, ended, tower } from './tower.ts';

const found = readdirSync('dist').filter((name) => name.startsWith('check-'));
const one = (ending: string): string => found.find((name) => name.endsWith(ending))!;
const [script, code] = [one('.script'), one('.code')];

const root = mkdtempSync(join(tmpdir(), 'tower-check-'));
const dist = join(root, 'dist');
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A `dist` that a test may damage. */
beforeEach(() => {
  rmSync(dist, { recursive: true, force: true });
  for (const name of ['tower.cjs', script, code]) cpSync(join('dist', name), join(dist, name));
  symlinkSync(resolve('dist/chunks'), join(dist, 'chunks'));
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
});

const args = ['check', 'models/two_tower.tower', 'test/compiler/model/mistakes/bce-on-a-cosine.tower'];
const checked = (): Promise<Done> => ended(spawn(process.execPath, [join(dist, 'tower.cjs'), ...args]));
const expected = await tower(args);

it('is compiled for this Node.js, which accepts the code', () => {
  expect(found).toEqual([`${script.replace(/\.script$/, '')}-${process.version}-${process.arch}.code`, script].sort());
  const program = `
    const { readFileSync } = require('node:fs');
    const [, script, code] = process.argv;
    const { cachedDataRejected } = new (require('node:vm').Script)(readFileSync(script, 'latin1'), { cachedData: readFileSync(code) });
    console.log(cachedDataRejected);`;
  expect(
    execFileSync(process.execPath, ['-e', program, join(dist, script), join(dist, code)], { encoding: 'utf8' }),
  ).toBe('false\n');
});

it('finds the mistakes', async () => {
  expect(expected.stdout).toContain('models/two_tower.tower: no errors');
  expect(expected.stderr).toContain('[bce-unscaled]');
  expect(expected.code).toBe(0);
  expect(await checked()).toEqual(expected);
});

it('says nothing else', async () => {
  const good = 'models/two_tower.tower';
  expect(await tower(['check', good])).toEqual({ code: 0, stdout: `${good}: no errors\n`, stderr: '' });
});

// The build changes how the lexer looks up characters past Latin-1.
it('reads every character as the sources do', async () => {
  const path = join(root, 'foreign.tower');
  writeFileSync(
    path,
    'model größe\nfeatures { 用户 ： id（dim： ８）, ｕser : id(dim: 8) → 𝑥, 한국 }\n// 🙂\u00ff\u0100\ufeff\uffff\n',
  );
  const { stdout } = await tower(['check', '--json', path]);
  expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(toJsonDiagnostics((await check(path)).diagnostics))));
});

it('explains codes in SARIF, from their pages in the package', async () => {
  const { stdout } = await tower([...args, '--format', 'sarif']);
  const [{ tool }] = JSON.parse(stdout).runs;
  expect(tool.driver.rules).toMatchObject([
    { id: 'bce-unscaled', fullDescription: { text: readErrorPage('bce-unscaled').means } },
  ]);
});

it('is ASCII, because it is read as Latin-1: quotes that a mail program has curled are known', async () => {
  expect(readFileSync(join(dist, script), 'latin1')).not.toMatch(/[\u0080-\u00ff]/);
});

it('answers the same without the code', async () => {
  rmSync(join(dist, code));
  expect(await checked()).toEqual(expected);
});

it('answers the same where the code was cut', async () => {
  truncateSync(join(dist, code), 100_000);
  expect(await checked()).toEqual(expected);
  truncateSync(join(dist, code), 0);
  expect(await checked()).toEqual(expected);
});

it('answers the same where the code is of something else', async () => {
  writeFileSync(join(dist, code), readFileSync(join(dist, script)));
  expect(await checked()).toEqual(expected);
});

it('answers the same with flags that the code was not compiled for', async () => {
  expect(await tower(args, { node: ['--no-opt'] })).toEqual(expected);
});
