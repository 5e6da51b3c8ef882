/** The page about CI: the JSON that it shows is what is written, and the action that it names runs. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toJsonDiagnostics } from '../../src/base/diagnostics/json.ts';
import { makeSource } from '../../src/base/text/source.ts';
import { checkSource } from '../../src/compiler/pipeline.ts';
import { temporaryFolder } from '../training/temporary_folder.ts';
import { fences } from './fences.ts';

const page = 'docs/guide/ci.md';

it('the item that the page shows is one of those that the file gets', () => {
  const [wrong] = fences(page, 'tower');
  const [shown] = fences(page, 'json');
  const { diagnostics } = checkSource(makeSource('wrong.tower', wrong!.text));
  expect(toJsonDiagnostics(diagnostics)).toContainEqual(JSON.parse(shown!.text));
});

describe('the action', () => {
  const root = temporaryFolder();
  const script = /run: \|\n([\s\S]*)$/.exec(readFileSync('.github/actions/check/action.yml', 'utf8'))![1]!;
  mkdirSync(join(root, 'node_modules/.bin'), { recursive: true });
  symlinkSync(resolve('dist/tower.cjs'), join(root, 'node_modules/.bin/tower'));
  const model = readFileSync('models/two_tower.tower', 'utf8');
  writeFileSync(join(root, 'good.tower'), model);
  writeFileSync(join(root, '--wrong name.tower'), model.replace('temperature', 'temprature'));
  writeFileSync(join(root, 'loose.tower'), model.replace('model two_tower', 'model   two_tower'));

  const run = (files: string, format = 'true') =>
    spawnSync('bash', ['-c', script], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, TOWER_FILES: files, TOWER_CHECKED_DATA: '', TOWER_FORMAT: format },
    });

  it('passes what is right', () => {
    const { status, stdout } = run('good.tower\n');
    expect([status, stdout]).toEqual([0, expect.not.stringContaining('::error')]);
  });

  it('fails what is wrong, with an annotation at its line, whatever the file is called', () => {
    const { status, stdout } = run('good.tower\n\n--wrong name.tower\n');
    expect(status).toBe(1);
    expect(stdout).toMatch(/^::error file=--wrong name\.tower,line=\d+,col=\d+/m);
  });

  it('fails what is not in the standard format, unless the format does not matter', () => {
    expect(run('loose.tower').status).toBe(1);
    expect(run('loose.tower', 'false').status).toBe(0);
  });

  it('runs nothing that a name says', () => {
    const { status, stderr } = run('$(touch ran).tower\n`touch ran`');
    expect(status).toBe(1);
    expect(stderr).toContain('$(touch ran).tower');
    expect(spawnSync('ls', [root], { encoding: 'utf8' }).stdout).not.toContain('ran\n');
  });
});
