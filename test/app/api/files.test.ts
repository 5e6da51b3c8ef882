/** What a user may name by mistake, or a stranger on purpose, in the place of a `.tower` file: nothing but a file is opened. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { check } from '../../../src/api.ts';
import { filesAt } from '../../../src/app/api/check.ts';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { model, writeProject } from '../cli/project.ts';

const root = temporaryFolder();
const at = (name: string): string => join(root, name);

beforeAll(() => {
  writeProject(root);
  // To open it would wait for a writer.
  execFileSync('mkfifo', [at('pipe.tower')]);
  mkdirSync(at('folder.tower'));
  symlinkSync('/dev/zero', at('device.tower'));
  symlinkSync('circle.tower', at('circle.tower'));
  symlinkSync('none.tower', at('broken.tower'));
});

async function said(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Failure) return error.diagnostics.map(({ code, message }) => `${code}: ${message}`).join();
    throw error;
  }
  return '';
}

const kinds = [
  ['pipe.tower', /it is a pipe$/],
  ['folder.tower', /it is a folder$/],
  ['device.tower', /it is a device$/],
  ['circle.tower', /go round in a circle$/],
  ['broken.tower', /there is no such file$/],
] as const;

describe('in the place of a file', () => {
  it.each(kinds)('%s is not read, as a model or as its data', async (name, reason) => {
    for (const work of [() => check(at(name)), () => check(at('films.tower'), { data: at(name) })]) {
      expect(await said(work)).toMatch(/^cannot-read: /);
      expect(await said(work)).toMatch(reason);
    }
  });

  it.each(kinds)('%s is not used', async (name) => {
    writeFileSync(at('user.tower'), `use "${name}"\n${model}`);
    const { diagnostics } = await check(at('user.tower'));
    expect(diagnostics.map(({ code }) => code)).toEqual(['use-missing']);
  });

  it('a link out of the project is not used: its text would be shown', async () => {
    const other = join(temporaryFolder(), 'other.tower');
    writeFileSync(other, 'secret of another project');
    symlinkSync(other, at('out.tower'));
    symlinkSync(join(other, '..'), at('up'));
    writeFileSync(at('size.tower'), 'let size = 8');
    symlinkSync('size.tower', at('inner.tower'));
    for (const [name, codes] of [
      ['out.tower', ['use-outside']],
      ['up/other.tower', ['use-outside']],
      ['inner.tower', []],
    ] as const) {
      writeFileSync(at('user.tower'), `use "${name}"\n${model}`);
      const { diagnostics, text } = await check(at('user.tower'));
      expect(diagnostics.map(({ code }) => code)).toEqual(codes);
      expect(text).not.toContain('secret');
    }
  });

  it('a link out of the project is no file of a folder: it would be shown, formatted or fixed', async () => {
    const [folder, other] = [join(root, 'own'), join(temporaryFolder(), 'other.tower')];
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), '{}');
    writeFileSync(join(folder, 'a.tower'), model);
    writeFileSync(other, model);
    symlinkSync('a.tower', join(folder, 'b.tower'));
    expect(filesAt([folder], ['.tower'])).toEqual([join(folder, 'a.tower'), join(folder, 'b.tower')]);
    symlinkSync(other, join(folder, 'c.tower'));
    expect(await said(() => filesAt([folder], ['.tower']))).toMatch(
      /^cannot-read: .*c\.tower: it is a link to .*other\.tower/,
    );
    expect(filesAt([join(folder, 'c.tower')], ['.tower'])).toHaveLength(1);
  });

  it('a path that cannot be looked at is left to the reading of it', () => {
    expect(filesAt([at('circle.tower'), at('pipe.tower')], ['.tower'])).toHaveLength(2);
  });
});
