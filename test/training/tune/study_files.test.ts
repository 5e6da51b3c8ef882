/** The files of a study, as somebody may have changed them. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/base/diagnostics/failure.ts';
import type { SearchSpace } from '../../../src/training/tune/space.ts';
import {
  addRecord,
  journalOf,
  readRecords,
  readStudy,
  studyFile,
  trialsFile,
} from '../../../src/training/tune/study_files.ts';
import { type JobRecord, type Study, trialsOf } from '../../../src/training/tune/trial.ts';
import fc from '../../fast_check.ts';
import { temporaryFolder } from '../temporary_folder.ts';

const space: SearchSpace = [
  { name: 'dense.rate', domain: { kind: 'range', from: 1e-4, to: 0.1, log: true, whole: false } },
  { name: 'width', domain: { kind: 'range', from: 8, to: 64, log: false, whole: true } },
  { name: 'body', domain: { kind: 'choices', texts: ['deep', 'wide -> dense(4)'] } },
];
const point = { 'dense.rate': 0.00213, width: 16, body: 1 };
const base = {
  kind: 'search',
  settings: {},
  folder: 't',
  begun: '2026-01-31T12:00:00.123Z',
  seconds: 2.5,
  elapsed: 3,
} as const;
const records: readonly JobRecord[] = [
  { ...base, job: 0, trial: 0, rung: 1, state: 'done', validations: 3, values: [0.1, 0.2, 0.15], value: 0.2 },
  { ...base, job: 1, trial: 1, rung: 0, point, state: 'paused', validations: 3, values: [0.3], value: 0.3 },
  { ...base, job: 2, trial: 2, rung: 0, point, state: 'failed', values: [], message: 'the loss became NaN' },
  { ...base, job: 3, trial: 3, rung: 0, point, state: 'paused', validations: 3, values: [0.1], value: 0.1 },
  { ...base, job: 4, trial: 1, rung: 1, state: 'done', validations: 3, values: [0.3, 0.4, 0.5], value: 0.5 },
  { ...base, job: 5, kind: 'final', trial: 1, seed: 2, state: 'done', validations: 3, values: [0.4], value: 0.4 },
];
const text = journalOf({ name: 'films', space, records, rungs: 2 });

const python = process.env.TOWER_PYTHON ?? 'python3';
const hasOptuna = spawnSync(python, ['-c', 'import optuna']).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'tower-journal-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the journal', () => {
  it('has a line for each operation, by the numbers of Optuna', () => {
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines[0]).toEqual({ op_code: 0, worker_id: 'tower', study_name: 'films', directions: [2] });
    expect(lines.filter(({ op_code }) => op_code === 4)).toHaveLength(4);
    expect(lines.filter(({ op_code }) => op_code === 6).map(({ state }) => state)).toEqual([1, 1, 3, 2]);
  });

  it.skipIf(!hasOptuna)('is read by Optuna, which is not installed everywhere', () => {
    const path = join(folder, 'optuna.journal');
    writeFileSync(path, text);
    const program = `
import json, sys, optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
study = optuna.load_study(study_name="films", storage=JournalStorage(JournalFileBackend(sys.argv[1])))
print(json.dumps({
  "direction": study.direction.name,
  "best": [study.best_trial.number, study.best_value],
  "trials": [[t.number, t.state.name, t.value, t.params, t.intermediate_values, t.user_attrs] for t in study.trials],
  "seconds": study.trials[0].duration.total_seconds(),
}))`;
    const { stdout, stderr } = spawnSync(python, ['-c', program, path], { encoding: 'utf8' });
    expect(stdout, stderr).not.toBe('');
    const params = { 'dense.rate': 0.00213, width: 16, body: 'wide -> dense(4)' };
    expect(JSON.parse(stdout)).toEqual({
      direction: 'MAXIMIZE',
      best: [1, 0.5],
      trials: [
        [0, 'COMPLETE', 0.2, {}, { 1: 0.1, 2: 0.2, 3: 0.15 }, {}],
        [1, 'COMPLETE', 0.5, params, { 1: 0.3, 2: 0.4, 3: 0.5 }, {}],
        [2, 'FAIL', null, params, {}, { message: 'the loss became NaN' }],
        [3, 'PRUNED', 0.1, params, { 1: 0.1 }, {}],
      ],
      seconds: 2.5,
    });
  });
});

const root = temporaryFolder();
let folders = 0;
const folderWith = (name: string, text: string): string => {
  const folder = join(root, `${folders++}`);
  mkdirSync(folder);
  writeFileSync(join(folder, name), text);
  return folder;
};

const study: Study = {
  model: 'tuned',
  sources: 'ab',
  space: [{ name: 'dense.rate', domain: { kind: 'range', from: 0, to: 1, log: false, whole: false } }],
  set: { epochs: '3' },
  metric: 'ndcg@10',
  stops: true,
  fileSeed: 1,
  sampler: 'tpe',
  seed: 1,
  halving: true,
  rungs: 2,
  parallel: 1,
  finalists: 3,
  seeds: 3,
};
const record = (job: number): JobRecord => ({
  job,
  kind: 'search',
  trial: job,
  rung: 1,
  point: { 'dense.rate': 0.5 },
  settings: { 'dense.rate': '0.5' },
  state: 'done',
  validations: 2,
  values: [0.1, 0.2],
  value: 0.2,
  folder: `trials/000${job}`,
  begun: '2026-01-31T12:00:00.000Z',
  seconds: 1,
  elapsed: 2,
});

const reasonOf = async (work: Promise<unknown>): Promise<string> => {
  const problem = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(problem instanceof Failure)) throw problem ?? new Error('nothing was refused');
  return problem.diagnostics.map(({ code, message }) => `${code}: ${message}`).join();
};

/** What JSON can have in the place of any value. */
const nonsense = fc.constantFrom<unknown>(
  null,
  -1,
  0.5,
  1e300,
  '',
  'x',
  '__proto__',
  [],
  [null],
  {},
  { a: null },
  true,
);

describe('a log', () => {
  it('that was changed is refused with its line, or what is read of it can be worked with', async () => {
    const names = Object.keys(record(0));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), nonsense, async (name, value) => {
        const lines = [record(0), { ...record(1), [name]: value }, record(2)].map((each) => JSON.stringify(each));
        const folder = folderWith(trialsFile, `${lines.join('\n')}\n`);
        const found = await readRecords(folder).catch((error: unknown) => {
          if (!(error instanceof Failure)) throw error;
          expect(error.diagnostics[0]).toMatchObject({ code: 'damaged-file' });
          expect(error.diagnostics[0]!.message).toContain('line 2');
          return undefined;
        });
        if (!found || (found[1]!.rung ?? 0) > 100) return;
        journalOf({ name: 'any', space: study.space, records: found.filter(({ trial }) => trial < 9), rungs: 2 });
        trialsOf(found, study);
      }),
    );
  });

  it('of which a value is missing is refused, but for values that may be', async () => {
    const refused: string[] = [];
    for (const name of Object.keys(record(0))) {
      const lines = [record(0), { ...record(1), [name]: undefined }, record(2)].map((each) => JSON.stringify(each));
      const problem = await readRecords(folderWith(trialsFile, lines.join('\n'))).catch((error: unknown) => error);
      if (problem instanceof Failure) refused.push(name);
    }
    const may = ['rung', 'point', 'validations', 'value'];
    expect(refused).toEqual(Object.keys(record(0)).filter((name) => !may.includes(name)));
  });

  it('whose last line a kill has cut ends before it', async () => {
    const folder = folderWith(trialsFile, `${JSON.stringify(record(0))}\n${JSON.stringify(record(1)).slice(0, 30)}`);
    expect(await readRecords(folder)).toEqual([record(0)]);
    await addRecord(folderWith(trialsFile, ''), record(0));
  });
});

describe('study.json', () => {
  const textOf = (changed: object): string => JSON.stringify({ format: 'tower-study-1', ...study, ...changed });

  it('is read as it was written', async () => {
    expect(await readStudy(folderWith(studyFile, textOf({})))).toMatchObject(study);
  });

  it.each([
    { sampler: 'toString' },
    { set: null },
    { set: { epochs: 3 } },
    { seeds: 0 },
    { parallel: 'many' },
    { rungs: 1.5 },
    { halving: 'no' },
    { space: {} },
    { format: 'tower-study-2' },
  ])('with %o is refused', async (changed) => {
    expect(await reasonOf(readStudy(folderWith(studyFile, textOf(changed))))).toMatch(/^damaged-file: .*study\.json/);
  });
});
