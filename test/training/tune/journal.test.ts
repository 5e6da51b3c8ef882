import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { journalOf } from '../../../src/training/tune/journal.ts';
import type { SearchSpace } from '../../../src/training/tune/space.ts';
import type { JobRecord } from '../../../src/training/tune/trial.ts';

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
