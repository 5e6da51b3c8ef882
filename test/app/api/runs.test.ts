import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { load, serve, train } from '../../../src/api.ts';
import { listRuns, prunable, pruneRun, sortRuns } from '../../../src/app/api/runs.ts';
import { serveVersions } from '../../../src/app/api/versions/serve_versions.ts';
import { runsText } from '../../../src/app/cli/table.ts';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { lockFolder, makeLockEntry } from '../../../src/base/storage/lock.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { writeProject } from '../cli/project.ts';

const root = temporaryFolder();
const [project, runs, kept] = [join(root, 'project'), join(root, 'runs'), join(root, 'kept')];

beforeAll(async () => {
  mkdirSync(project);
  writeProject(project);
  const data = { data: join(project, 'data.tower'), engine: 'onnx', set: { width: 4 } } as const;
  for (const [name, epochs] of [
    ['one', 1],
    ['group/two', 2],
  ] as const) {
    const out = join(runs, name);
    await train(join(project, 'films.tower'), { ...data, out, set: { epochs, width: 4 } });
  }
  cpSync(join(runs, 'one'), kept, { recursive: true });
  // One that was stopped before its model was written, one whose manifest was changed, and things that are no run.
  cpSync(join(runs, 'one'), join(runs, 'stopped'), { recursive: true });
  rmSync(join(runs, 'stopped/manifest.json'));
  cpSync(join(runs, 'one'), join(runs, 'broken'), { recursive: true });
  writeFileSync(join(runs, 'broken/manifest.json'), '{');
  writeFileSync(
    join(runs, 'broken/metrics.jsonl'),
    '{"epoch":"x"}\n{"epoch":1,"step":2,"validation":{"auc":"high"}}\n7',
  );
  mkdirSync(join(runs, 'notes'));
  writeFileSync(join(runs, 'notes/run.txt'), 'no run');
  symlinkSync(join(runs, 'one'), join(runs, 'link'));
});

const names = (list: readonly { readonly folder: string }[]): string[] =>
  list.map(({ folder }) => folder.slice(runs.length + 1));

describe('a list of runs', () => {
  it('has every run below the folder, with what it is and how it ended', async () => {
    const list = sortRuns(await listRuns(runs), 'name');
    expect(list.map(({ status, model, epochs }) => ({ status, model, epochs }))).toEqual([
      { status: 'damaged', model: 'films', epochs: 0 },
      { status: 'epochs', model: 'films', epochs: 2 },
      { status: 'epochs', model: 'films', epochs: 1 },
      { status: 'unfinished', model: 'films', epochs: 1 },
    ]);
    expect(names(list)).toEqual(['broken', 'group/two', 'one', 'stopped']);
    expect(list[0]!.reason).toContain('manifest.json is damaged');
    expect(list[1]!.settings).toMatchObject({ width: '4' });
    expect(list[1]!.bytes).toBeGreaterThan(1000);
  });

  it('knows a run that a process trains in', async () => {
    const lock = await lockFolder(join(runs, 'stopped'), { purpose: 'tower train' });
    try {
      const list = await listRuns(runs);
      expect(list.find(({ folder }) => folder.endsWith('stopped'))).toMatchObject({ status: 'running' });
      expect(names(prunable(list, 0))).not.toContain('stopped');
    } finally {
      await lock.release();
    }
  });

  it('is sorted by what is asked for, or says what there is', async () => {
    const list = await listRuns(runs);
    const [metric] = Object.keys(list.find(({ epochs }) => epochs === 2)!.validation);
    const values = sortRuns(list, metric!).map(({ validation }) => validation[metric!] ?? -1);
    expect(values).toEqual([...values].sort((a, b) => b - a));
    expect(values.at(-1)).toBe(-1);
    expect(sortRuns(list, 'epochs')[0]!.epochs).toBe(2);
    utimesSync(join(runs, 'one/run.json'), new Date(4e12), new Date(4e12));
    expect(names(await listRuns(runs))[0]).toBe('one');
    expect(() => sortRuns(list, 'recal')).toThrow(Failure);
    expect(sortRuns([], 'recal')).toEqual([]);
  });

  it('of a folder that is not there is a failure', async () => {
    await expect(listRuns(join(root, 'nowhere'))).rejects.toMatchObject({ diagnostics: [{ code: 'cannot-read' }] });
  });
});

describe('pruning', () => {
  it('leaves the first, what is damaged, and files that Tower did not write', async () => {
    const list = sortRuns(await listRuns(runs), 'epochs');
    writeFileSync(join(runs, 'stopped/notes.md'), 'mine');
    writeFileSync(join(runs, 'one/graphs/notes.md'), 'mine too');
    const chosen = prunable(list, 1);
    expect(names(chosen)).toEqual(['one', 'stopped']);
    expect([await pruneRun(chosen[0]!), await pruneRun(chosen[1]!)]).toEqual([['graphs/notes.md'], ['notes.md']]);
    expect(readdirSync(join(runs, 'stopped'))).toEqual(['notes.md']);
    expect(readdirSync(join(runs, 'one'))).toEqual(['graphs']);
    expect(names(await listRuns(runs)).sort()).toEqual(['broken', 'group/two']);
  });

  it('refuses a run that a process trains in', async () => {
    const [run] = await listRuns(join(runs, 'group/two'));
    const lock = await lockFolder(run!.folder, { purpose: 'tower train' });
    await expect(pruneRun(run!)).rejects.toMatchObject({ diagnostics: [{ code: 'run-in-use' }] });
    await lock.release();
    expect(await pruneRun(run!)).toEqual([]);
    expect(existsSync(run!.folder)).toBe(false);
  });
});

describe('a run that a server answers with', () => {
  const folder = join(root, 'served/first');
  const own = (): string[] => readdirSync(folder).filter((name) => name.startsWith('.'));

  it.each(['alone', 'as a version'])('%s is listed so, and stays until the server ends', async (how) => {
    cpSync(kept, folder, { recursive: true });
    const run = await load(folder, { engine: 'onnx' });
    const serving = how === 'alone' ? await serve(run, { port: 0 }) : await serveVersions({ run, port: 0 });
    const [listed] = await listRuns(folder);
    expect(listed).toMatchObject({ status: 'epochs', served: true });
    expect(runsText([listed!], root)).toContain('finished, served');
    expect(prunable([listed!], 0)).toEqual([]);
    // One that was listed before the server began.
    await expect(pruneRun(listed!)).rejects.toThrow(/first is in use by `tower serve`: process \d+/);
    await serving.close();
    await run.close();
    expect(own()).toEqual([]);
    expect(await pruneRun((await listRuns(folder))[0]!)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });

  it('is free again where the server was killed', async () => {
    cpSync(kept, folder, { recursive: true });
    const { pid } = spawnSync(process.execPath, ['--version']);
    const gone = { ...makeLockEntry('tower serve'), pid, started: '' };
    writeFileSync(join(folder, `.reader-${gone.id}`), JSON.stringify(gone));
    const [run] = await listRuns(folder);
    expect(prunable([run!], 0)).toEqual([run]);
    expect(await pruneRun(run!)).toEqual([]);
    expect(existsSync(folder)).toBe(false);
  });
});

describe('folders of other programs', () => {
  const others = join(root, 'others');
  /** Files that say no more than their name, and what is precious next to them. */
  const files: Readonly<Record<string, string>> = {
    'experiment/run.json': '{"name": "mine"}',
    'experiment/metrics.jsonl': '{}',
    'extension/manifest.json': '{"manifest_version": 3}',
    'text/run.json': 'no JSON',
    'nested/run.json': '[]',
  };

  it('are no runs, and pruning leaves them alone', async () => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(others, path, '..'), { recursive: true });
      writeFileSync(join(others, path), text);
    }
    cpSync(join(runs, 'broken'), join(others, 'nested/unfinished'), { recursive: true });
    rmSync(join(others, 'nested/unfinished/manifest.json'));
    const list = sortRuns(await listRuns(others), 'name');
    // Nobody knows whose a `run.json` is that cannot be read.
    expect(list.map(({ folder, status }) => [folder.slice(others.length + 1), status])).toEqual([
      ['nested/unfinished', 'unfinished'],
      ['text', 'damaged'],
    ]);
    for (const run of prunable(list, 0)) expect(await pruneRun(run)).toEqual([]);
    const there = Object.keys(files).map((path) => existsSync(join(others, path)));
    expect(there).toEqual(there.map(() => true));
  });

  it('that appear after the list was made stay as well', async () => {
    const folder = join(others, 'experiment');
    const [run] = await listRuns(runs);
    expect(await pruneRun({ ...run!, folder })).toEqual(['metrics.jsonl', 'run.json']);
  });
});

describe('a table of runs', () => {
  it('shows names of strangers without what moves the cursor, and metrics with names of objects', async () => {
    const folder = join(root, 'strange', 'a\u001b[2Jb');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'run.json'), '{"format": "tower-run-2", "model": "\\u001b[31mred", "seed": 1}');
    writeFileSync(
      join(folder, 'metrics.jsonl'),
      '{"epoch": 1, "step": 5, "validation": {"toString": 1, "recall@10": 0.5}}\n',
    );
    const plain = join(root, 'strange', 'plain');
    mkdirSync(plain);
    writeFileSync(join(plain, 'run.json'), '{"format": "tower-run-2", "model": "m", "seed": 1}');
    const list = sortRuns(await listRuns(join(root, 'strange')), 'toString');
    const text = runsText(list, join(root, 'strange'), 'toString');
    expect(text).not.toContain('\u001b');
    expect(text).toContain('a␛[2Jb');
    expect(text).toMatch(/0\.5000/);
  });
});
