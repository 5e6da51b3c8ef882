/** What a tracking server gets of a study: while it goes on, when it goes on again, and when the server fails in between. */
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openStudyTracker, type Tuned, tune } from '../../../../src/api.ts';
import { writeStudyReport } from '../../../../src/app/api/report.ts';
import type { Diagnostic } from '../../../../src/base/diagnostics/diagnostic.ts';
import { readStudy } from '../../../../src/training/tune/study_files.ts';
import type { JobRecord } from '../../../../src/training/tune/trial.ts';
import { temporaryFolder } from '../../../training/temporary_folder.ts';
import { type FakeRun, type FakeServer, fakeServer } from '../../../training/tracking/mlflow/fake_server.ts';
import { model, writeProject } from '../../cli/project.ts';
import { hasMlflow, mlflowServer } from './mlflow_server.ts';

const root = temporaryFolder();
const out = join(root, 'study');
const file = join(root, 'poor.tower');
// The rate of the file learns nothing, so that others are better.
const poor = `${model
  .replace('epochs = 2', 'epochs = 3, dense = adam(rate: 1e-6), embeddings = adagrad(rate: 1e-6)')
  .replace('recall(10, patience: 2)', 'ndcg(10, patience: 3)')}
search { dense.rate : log 1e-3 .. 1e-1 }
`;

let fake: FakeServer;
let tuned: Tuned;
let whileItWentOn: FakeServer;
let warnings: Diagnostic[];

const logOf = (folder: string): JobRecord[] =>
  readFileSync(join(folder, 'trials.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

/** Gives a tracker the events that the command would: that the study goes on, and that it has ended. */
async function trackAgain(folder: string, address: string, result?: Tuned, patience = 60_000) {
  const warnings: Diagnostic[] = [];
  const onWarning = (warning: Diagnostic): void => void warnings.push(warning);
  const tracker = openStudyTracker(address, { out: folder, model: file, onWarning, patience });
  tracker.event({ kind: 'began', study: await readStudy(folder), known: logOf(folder).length });
  return { tracked: await tracker.end(result ? 'FINISHED' : 'KILLED', result), warnings };
}

const named = ({ runs }: FakeServer, name: string): FakeRun =>
  [...runs.values()].find(({ info }) => info.run_name === name)!;
const curve = ({ metrics }: FakeRun, key: string): [number, number][] =>
  metrics.filter((each) => each.key === key).map(({ step, value }) => [step, value]);
const contentsOf = ({ runs }: FakeServer): unknown =>
  [...runs.values()]
    .map(({ info, metrics, params }) => [
      info.run_name,
      [...params].sort(),
      metrics.map(({ key, step, value }) => `${key} ${step} ${value}`).sort(),
    ])
    .sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));

beforeAll(async () => {
  writeProject(root);
  writeFileSync(file, poor);
  whileItWentOn = await fakeServer();
  warnings = [];
  const onWarning = (warning: Diagnostic): void => void warnings.push(warning);
  const tracker = openStudyTracker(`mlflow:${whileItWentOn.url}#demo`, {
    ...{ out, model: file, onWarning, patience: 60_000 },
  });
  const request = { out, data: join(root, 'data.tower'), engine: 'onnx', trials: 3, finalists: 1, seeds: 1 } as const;
  tuned = await tune(file, { ...request, onEvent: tracker.event });
  await writeStudyReport(tuned);
  await tracker.end('FINISHED', tuned);
}, 120_000);
afterAll(() => whileItWentOn?.close());
beforeEach(async () => {
  fake = await fakeServer();
});
afterEach(() => fake.close());

describe('a study', () => {
  it('is a run with a nested run for each trial, with its values and its curve', () => {
    expect(warnings).toEqual([]);
    const records = logOf(out);
    const study = named(whileItWentOn, 'study');
    const trials = new Set(records.filter(({ kind }) => kind === 'search').map(({ trial }) => trial));
    const others = records.filter(({ kind }) => kind !== 'search');
    expect(trials.size).toBe(3);
    expect(others.length).toBeGreaterThan(1);
    expect(whileItWentOn.runs.size).toBe(1 + trials.size + others.length);
    for (const run of whileItWentOn.runs.values()) {
      expect(run.tags.get('mlflow.parentRunId')).toBe(run === study ? undefined : study.info.run_id);
      expect(run.info.status).not.toBe('RUNNING');
    }
    for (const trial of trials) {
      const run = named(whileItWentOn, `trial ${trial}`);
      const last = records.findLast((record) => record.kind === 'search' && record.trial === trial)!;
      expect(curve(run, 'validation/ndcg_at_10')).toEqual(last.values.map((value, at) => [at + 1, value]));
      expect(curve(run, 'value/ndcg_at_10').at(-1)).toEqual([last.values.length, last.value]);
      expect(run.params.get('dense.rate')).toBe(last.settings['dense.rate']);
      expect(run.info.status).toBe(last.state === 'done' ? 'FINISHED' : 'KILLED');
      const times = run.metrics.map(({ timestamp }) => timestamp);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }
    expect(study.params.get('search.dense.rate')).toBe('0.001 to 0.1, logarithmic');
    expect(study.params.get('metric')).toBe('ndcg@10');
    expect(study.info.status).toBe('FINISHED');
  });

  it('has what it came to, and its files', () => {
    const study = named(whileItWentOn, 'study');
    const [, best] = tuned.validation!.rows;
    expect(study.tags.get('tower.winner')).toBe(String(tuned.winner!.trial));
    expect(study.tags.get('winner.dense.rate')).toBe(tuned.winner!.settings['dense.rate']);
    expect(curve(study, 'validation/tuned/ndcg_at_10').at(-1)![1]).toBe(best!.figures['ndcg@10']!.mean);
    const bests = curve(study, 'best/ndcg_at_10').map(([, value]) => value);
    expect(bests).toEqual(bests.toSorted((a, b) => a - b));
    expect(bests.length).toBeGreaterThan(0);
    const files = [...whileItWentOn.files.keys()].map((path) => path.split('/').at(-1));
    expect(files.sort()).toEqual(['optuna.journal', 'report.html', 'study.json', 'trials.jsonl']);
  });

  it('gives the same afterwards, from its log alone, and once', async () => {
    const { tracked } = await trackAgain(out, `mlflow:${fake.url}`, tuned);
    expect(contentsOf(fake)).toEqual(contentsOf(whileItWentOn));
    expect(tracked!.url).toBe(`${fake.url}/#/experiments/1/runs/${named(fake, 'study').info.run_id}`);
    expect(tracked!.values).toBe([...fake.runs.values()].reduce((sum, { metrics }) => sum + metrics.length, 0));
    expect((await trackAgain(out, `mlflow:${fake.url}`, tuned)).tracked!.values).toBe(0);
  });

  it('that goes on has its trials as they were', async () => {
    const folder = join(root, 'stopped');
    cpSync(out, folder, { recursive: true });
    const lines = readFileSync(join(out, 'trials.jsonl'), 'utf8').split('\n');
    writeFileSync(join(folder, 'trials.jsonl'), `${lines.slice(0, 2).join('\n')}\n`);
    await trackAgain(folder, `mlflow:${fake.url}`);
    expect(named(fake, 'stopped').info.status).toBe('KILLED');
    const before = fake.runs.size;
    cpSync(join(out, 'trials.jsonl'), join(folder, 'trials.jsonl'));
    await trackAgain(folder, `mlflow:${fake.url}`, tuned);
    expect(fake.runs.size).toBe(whileItWentOn.runs.size);
    expect(before).toBeLessThan(fake.runs.size);
    const points = named(fake, 'trial 1').metrics.map(({ key, step }) => `${key} ${step}`);
    expect(new Set(points).size).toBe(points.length);
  });

  it('loses nothing to a server that fails in the middle', async () => {
    let requests = 0;
    fake.instead = ({ path }) => (path.endsWith('log-batch') && ++requests === 6 ? 503 : undefined);
    const { tracked, warnings } = await trackAgain(out, `mlflow:${fake.url}`, tuned);
    // There is one warning, and the end sends what the first request did not.
    expect(warnings).toMatchObject([
      { code: 'track-behind', message: expect.stringMatching(/this study: it answers 503/) },
    ]);
    expect(tracked!.artifacts).toBe(4);
    expect(contentsOf(fake)).toEqual(contentsOf(whileItWentOn));
  });

  it('has no run where the address is wrong, and none before it began', async () => {
    expect(() => openStudyTracker('mlflow:ftp://host', { out, model: file })).toThrow();
    expect(await openStudyTracker(`mlflow:${fake.url}`, { out, model: file }).end('FAILED')).toBeUndefined();
    expect(fake.asked).toEqual([]);
    expect(existsSync(join(out, 'tracking.json'))).toBe(true);
  });
});

describe.skipIf(!hasMlflow)('a real server', () => {
  let real: Awaited<ReturnType<typeof mlflowServer>>;
  const at = temporaryFolder();
  beforeAll(async () => {
    real = await mlflowServer(at);
  }, 300_000);
  afterAll(() => real?.close());

  it('nests the trials in the study', { timeout: 300_000 }, async () => {
    const { tracked } = await trackAgain(out, `mlflow:${real.url}#films`, tuned);
    const id = tracked!.url.split('/').at(-1)!;
    const [, experiment] = /experiments\/(\d+)/.exec(tracked!.url)!;
    const response = await fetch(`${real.url}/api/2.0/mlflow/runs/search`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ experiment_ids: [experiment], filter: `tags.mlflow.parentRunId = '${id}'` }),
    });
    const { runs } = (await response.json()) as { runs: { info: { run_name: string; status: string } }[] };
    expect(runs.map(({ info }) => info.run_name).sort()).toEqual(
      [...whileItWentOn.runs.values()]
        .map(({ info }) => String(info.run_name))
        .filter((name) => name !== 'study')
        .sort(),
    );
    expect(tracked!.artifacts).toBe(4);
  });
});
