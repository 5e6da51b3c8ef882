/** Where the extension of VS Code finds the program that its commands start. */
import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isPlain, pathFrom, programFor } from '../../../editors/vscode/program.mts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

describe.skipIf(process.platform === 'win32')('the program of a model', () => {
  const find = (model: string, folder: string | undefined, path: string, ...there: string[]) =>
    programFor(model, folder, path, (one) => there.includes(one));

  it('is the nearest one that is installed in the workspace, before that of the machine', () => {
    const [outer, inner, own] = ['/w/node_modules/.bin/tower', '/w/a/node_modules/.bin/tower', '/bin/tower'];
    expect(find('/w/a/b/m.tower', '/w', '/bin', outer, inner, own)).toEqual([inner]);
    expect(find('/w/a/b/m.tower', '/w', '/bin', outer, own)).toEqual([outer]);
    expect(find('/w/a/b/m.tower', '/w', `.${delimiter}/sbin${delimiter}/bin`, own)).toEqual([own]);
    expect(find('/elsewhere/m.tower', '/w', '/bin', outer)).toEqual([outer]);
  });

  it('is none that lies above the workspace, in a relative folder of the path, or in a registry', () => {
    expect(find('/w/a/m.tower', '/w/a', '/bin', '/w/node_modules/.bin/tower')).toBeUndefined();
    expect(find('/w/m.tower', '/w', '.', 'tower', './tower', '/w/tower')).toBeUndefined();
    expect(find('/w/m.tower', undefined, '/bin', '/w/node_modules/.bin/tower')).toBeUndefined();
  });

  it('is its own in a clone of Tower', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'package.json'), '{ "name": "tower-lang" }');
    expect(find(join(folder, 'm.tower'), folder, '')).toEqual(['npx', '--no', 'tower']);
  });
});

describe('words of a command', () => {
  it('names paths from the folder where the command runs, and those outside whole', () => {
    expect(pathFrom('/w', '/w/models/a.tower')).toBe(join('models', 'a.tower'));
    expect(pathFrom('/w', '/v/a.tower')).toBe('/v/a.tower');
    expect(pathFrom('/w', '/w/..a/b.tower')).toBe(join('..a', 'b.tower'));
    expect(pathFrom('/w', '--data')).toBe('--data');
  });

  it('quotes what a shell would take for something else', () => {
    expect(['--data', 'models/a.tower', 'runs/a-2'].every(isPlain)).toBe(true);
    expect(['a b', 'a;b', '$(a)', 'a\\b', "a'b", '', '~', '*'].some(isPlain)).toBe(false);
  });
});
