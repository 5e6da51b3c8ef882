/** Which folders count as versions, in which order, and which run a watch takes. */
import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { candidatesIn, makeWatch } from '../../../../src/app/api/versions/watch_folder.ts';
import { failure } from '../../../../src/base/diagnostics/diagnostic.ts';
import { temporaryFolder } from '../../../training/temporary_folder.ts';
import { trainSmall } from '../../../training/trained.ts';

const root = temporaryFolder();
let trained: string;
let live: string;
let count = 0;

beforeAll(async () => {
  trained = (await trainSmall(root)).folder;
});
beforeEach(() => {
  live = join(root, `live-${count++}`);
  mkdirSync(live);
});

/** A copy of the run, whose manifest is so many seconds old. */
function put(name: string, age: number, from = trained): string {
  const folder = join(live, name);
  cpSync(from, folder, { recursive: true });
  setAge(folder, age);
  return folder;
}
function setAge(folder: string, age: number): void {
  const at = Date.now() / 1000 - age;
  utimesSync(join(folder, 'manifest.json'), at, at);
}
const namesIn = async (folder: string): Promise<string[]> =>
  (await candidatesIn(folder)).map((each) => each.folder.slice(root.length + 1));

describe('candidates', () => {
  it('are runs in subfolders, the newest first, without hidden ones and those without a manifest', async () => {
    put('2', 10);
    put('10', 5);
    put('.hidden', 1);
    rmSync(join(put('writing', 1), 'manifest.json'));
    writeFileSync(join(live, 'notes.txt'), 'x');
    expect(await namesIn(live)).toEqual([`live-${count - 1}/10`, `live-${count - 1}/2`]);
  });

  it('say whether all files are there', async () => {
    const whole = put('whole', 1);
    const cut = put('cut', 2);
    truncateSync(join(cut, 'weights.safetensors'), 100);
    const broken = put('broken', 3);
    truncateSync(join(broken, 'manifest.json'), 100);
    setAge(broken, 3);
    const found = await candidatesIn(live);
    expect(found.map(({ folder, isWhole }) => [folder, isWhole])).toEqual([
      [whole, true],
      [cut, false],
      [broken, false],
    ]);
    expect(found[2]).not.toHaveProperty('checksum');
  });

  it('are what links lead to, of `..data` what it leads to now, or the folder itself', async () => {
    const other = put('../elsewhere', 1);
    symlinkSync(other, join(live, 'linked'));
    symlinkSync(join(live, 'nowhere'), join(live, 'dangling'));
    expect(await namesIn(live)).toEqual(['elsewhere']);
    expect(await namesIn(join(live, 'linked'))).toEqual(['elsewhere']);
    for (const version of ['..1', '..2']) put(`${version}/run`, 1);
    symlinkSync('..1', join(live, '..data'));
    expect(await namesIn(live)).toEqual([`live-${count - 1}/..1/run`]);
    symlinkSync('..2', join(live, '..new'));
    renameSync(join(live, '..new'), join(live, '..data'));
    expect(await namesIn(live)).toEqual([`live-${count - 1}/..2/run`]);
  });
});

describe('a watch', () => {
  const watched = (refuse: (folder: string) => boolean = () => false) => {
    const said: string[] = [];
    const taken: string[] = [];
    const answering: string[] = [];
    const rejected = new Set<string>();
    const take = async (folder: string): Promise<void> => {
      if (refuse(folder)) throw failure('changed-file', { path: join(folder, 'weights.safetensors') });
      const { checksum } = (await candidatesIn(live)).find((each) => each.folder === folder)!;
      answering.splice(0, 1, checksum!);
      taken.push(folder.slice(live.length + 1));
    };
    const say = (line: string): void => void said.push(line);
    const watch = makeWatch({ folder: live, answering: () => answering, rejected, loadFolder: take, say });
    return { watch, said, taken, rejected, answering };
  };

  it('takes the newest, and nothing again', async () => {
    put('1', 10);
    const { watch, taken } = watched();
    await watch.look();
    await watch.look();
    expect(taken).toEqual(['1']);
  });

  it('says once why a run is not served, and takes the next one', async () => {
    put('1', 10);
    put('2', 5);
    const { watch, taken, said } = watched((folder) => folder.endsWith('2'));
    expect(await watch.look()).toBe(1);
    expect(await watch.look()).toBe(0);
    expect(taken).toEqual(['1']);
    expect(said).toEqual([expect.stringMatching(/2 is not served: .*weights\.safetensors.* \[changed-file\]$/)]);
  });

  it('tries a run again after a change of its files, or when it is asked to', async () => {
    let isBad = true;
    const bad = put('2', 5);
    const { watch, taken, said } = watched(() => isBad);
    expect(await watch.look()).toBe(1);
    expect(await watch.again()).toBe(1);
    expect(said).toHaveLength(2);
    isBad = false;
    expect(await watch.look()).toBe(0);
    expect(taken).toEqual([]);
    utimesSync(join(bad, 'weights.safetensors'), 1, 1);
    await watch.look();
    expect(taken).toEqual(['2']);
  });

  it('waits for a run that is being copied, until it is whole or does not change', async () => {
    const folder = put('1', 1);
    const weights = join(folder, 'weights.safetensors');
    truncateSync(weights, 100);
    const { watch, taken, said } = watched(() => true);
    await watch.look();
    truncateSync(weights, 200);
    await watch.look();
    truncateSync(weights, 300);
    await watch.look();
    expect([taken, said]).toEqual([[], []]);
    await watch.look();
    await watch.look();
    expect(said).toHaveLength(1);
  });

  it('does not take what was rejected', async () => {
    put('1', 10);
    const { watch, taken, rejected } = watched();
    rejected.add((await candidatesIn(live))[0]!.checksum!);
    await watch.look();
    expect(taken).toEqual([]);
  });
});
