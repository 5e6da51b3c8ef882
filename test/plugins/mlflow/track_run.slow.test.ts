/** What a tracking server gets of a run: while it trains, afterwards, and when the server fails in between. */
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { evaluate, load, openTracker, track, train, writeReport } from '../../../src/api.ts';
import { type Diagnostic, Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { writeProject } from '../../app/cli/project.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { type FakeRun, type FakeServer, fakeServer } from './fake_server.ts';
import { hasMlflow, mlflowServer } from './mlflow_server.ts';

const root = temporaryFolder();
const model = join(root, 'films.tower');
const settings = { epochs: '2', width: '4' };

/** Trains with a tracker, as the command does. */
async function trainTracked(
  out: string,
  address: string,
  more: { resume?: boolean; epochs?: string; patience?: number } = {},
) {
  const warnings: Diagnostic[] = [];
  const { resume, patience, epochs = '2' } = more;
  const set = { ...settings, epochs };
  const tracker = openTracker(address, {
    ...{ out, model, settings: set, onWarning: (warning: Diagnostic) => warnings.push(warning) },
    ...(patience === undefined ? {} : { patience }),
  });
  const { status } = await train(model, {
    ...{ data: join(root, 'data.tower'), out, engine: 'onnx', set, onReady: tracker.ready, onEvent: tracker.event },
    ...(resume ? { resume } : {}),
  });
  await writeReport(out);
  const tracked = await tracker.end('FINISHED');
  return { status, tracked, warnings };
}

interface Line {
  readonly step: number;
  readonly loss: number;
  readonly validation: Readonly<Record<string, number>>;
}

const lines = (folder: string, name: string): Line[] =>
  readFileSync(join(folder, name), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

const figures = ({ metrics }: FakeRun): string[] =>
  metrics
    .filter(({ key }) => /^(step|epoch|validation|rate)\//.test(key))
    .map(({ key, step, value }) => `${key} ${step} ${value}`)
    .sort();

const curve = ({ metrics }: FakeRun, key: string): [number, number][] =>
  metrics.filter((each) => each.key === key).map(({ step, value }) => [step, value]);

let fake: FakeServer;
beforeAll(() => writeProject(root));
beforeEach(async () => {
  fake = await fakeServer();
});
afterEach(() => fake.close());

describe('a run that trains', () => {
  const out = join(root, 'live');
  let whileItTrained: FakeRun | undefined;

  it('asks for exactly this, in this order', async () => {
    const { status, tracked, warnings } = await trainTracked(out, `mlflow:${fake.url}#demo`);
    expect({ status, warnings }).toEqual({ status: 'epochs', warnings: [] });
    const own = JSON.parse(readFileSync(join(out, 'tracking.json'), 'utf8'));
    const [[id, run]] = [...fake.runs] as [[string, FakeRun]];
    whileItTrained = run;
    const [find, create, search, begin, tags, params, running, ...rest] = fake.asked.map(
      ({ method, path, query, body }) => ({ [`${method} ${path}`]: method === 'GET' ? query : body }),
    );
    expect(find).toEqual({ 'GET mlflow/experiments/get-by-name': { experiment_name: 'demo' } });
    expect(create).toEqual({ 'POST mlflow/experiments/create': { name: 'demo' } });
    expect(search).toEqual({
      'POST mlflow/runs/search': { experiment_ids: ['1'], filter: `tags.\`tower.run\` = '${own.run}'`, max_results: 1 },
    });
    expect(begin).toEqual({
      'POST mlflow/runs/create': {
        experiment_id: '1',
        run_name: 'live',
        start_time: own.began,
        tags: [{ key: 'tower.run', value: own.run }],
      },
    });
    expect(tags).toEqual({
      'POST mlflow/runs/log-batch': {
        run_id: id,
        tags: expect.arrayContaining([
          { key: 'tower.model', value: 'films' },
          { key: 'mlflow.source.name', value: model },
        ]),
      },
    });
    expect(params).toEqual({
      'POST mlflow/runs/log-batch': {
        run_id: id,
        params: expect.arrayContaining([
          { key: 'batch', value: '64' },
          { key: 'epochs', value: '2' },
          { key: 'stop.patience', value: '2' },
          { key: 'seed', value: '1' },
          { key: 'set.width', value: '4' },
          { key: 'data.train', value: '480' },
        ]),
      },
    });
    expect(running).toEqual({ 'POST mlflow/runs/update': { run_id: id, status: 'RUNNING' } });
    expect(rest.at(-1)).toEqual({
      'POST mlflow/runs/update': { run_id: id, status: 'FINISHED', end_time: expect.any(Number) },
    });

    // The curves are those of the logs, each point once, and their times lie within the run.
    const [steps, epochs] = [lines(out, 'steps.jsonl'), lines(out, 'metrics.jsonl')];
    expect(curve(run, 'step/loss')).toEqual(steps.map(({ step, loss }) => [step, loss]));
    const norms = steps.flatMap((each) =>
      'table_norm:movie_id' in each ? [[each.step, each['table_norm:movie_id']]] : [],
    );
    expect(norms.length).toBeGreaterThan(0);
    expect(curve(run, 'table_norm/movie_id')).toEqual(norms);
    expect(curve(run, 'epoch/loss')).toEqual(epochs.map(({ step, loss }) => [step, loss]));
    expect(curve(run, 'validation/recall_at_10')).toEqual(
      epochs.map(({ step, validation }) => [step, validation['recall@10']]),
    );
    const times = run.metrics.filter(({ key }) => key === 'epoch/loss').map(({ timestamp }) => timestamp);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(tracked?.values).toBe(run.metrics.length);
    expect(tracked?.url).toBe(`${fake.url}/#/experiments/1/runs/${id}`);

    const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
    expect(run.tags.get('tower.checksum')).toBe(manifest.checksum);
    const at = `1/${id}/artifacts`;
    expect([...fake.files.keys()].sort()).toEqual(
      ['manifest.json', 'metrics.jsonl', 'report.html', ...manifest.sources].map((path) => `${at}/${path}`).sort(),
    );
    expect(fake.files.get(`${at}/report.html`)).toBe(readFileSync(join(out, 'report.html'), 'utf8'));
  });

  it('gives afterwards the parameters and figures that it gave while it trained', async () => {
    await track(out, `mlflow:${fake.url}`);
    const [afterwards] = [...fake.runs.values()] as [FakeRun];
    expect([...afterwards.params].sort()).toEqual([...whileItTrained!.params].sort());
    expect(figures(afterwards)).toEqual(figures(whileItTrained!));
  });

  it('is sent once: a second time adds the evaluation alone', async () => {
    await track(out, `mlflow:${fake.url}`);
    const [run] = [...fake.runs.values()] as [FakeRun];
    const before = run.metrics.length;
    const evaluation = await evaluate(await load(out), { baselines: 'none' });
    await writeReport(out, evaluation);
    expect((await track(out, `mlflow:${fake.url}`)).values).toBe(evaluation.metrics.length);
    expect(fake.runs.size).toBe(1);
    expect(run.metrics).toHaveLength(before + evaluation.metrics.length);
    expect(curve(run, 'test/recall_at_10').at(-1)?.[1]).toBe(evaluation.rows[0]!.all['recall@10']);
    expect((await track(out, `mlflow:${fake.url}`)).values).toBe(0);
  });

  it('goes on as the same run, and a setting that changed is a tag', async () => {
    const folder = join(root, 'resumed');
    cpSync(out, folder, { recursive: true });
    await track(folder, `mlflow:${fake.url}`);
    const { tracked } = await trainTracked(folder, `mlflow:${fake.url}`, { resume: true, epochs: '3' });
    expect(fake.runs.size).toBe(1);
    const [run] = [...fake.runs.values()] as [FakeRun];
    expect(curve(run, 'epoch/loss').map(([step]) => step)).toEqual([8, 16, 24]);
    expect(new Set(curve(run, 'step/loss').map(([step]) => step)).size).toBe(24);
    expect([run.params.get('epochs'), run.tags.get('changed.epochs')]).toEqual(['2', '3']);
    expect(tracked?.artifacts).toBeGreaterThan(3);
  });
});

describe('a server that fails', () => {
  it.each([
    ['answers 500', 500, /answers 500/],
    ['refuses the token', 401, /answers 401/],
    ['never answers', 'never', /not answered in time/],
  ] as const)('and %s changes nothing of the training; the run is sent afterwards', async (name, instead, reason) => {
    const out = join(root, name);
    fake.instead = () => instead;
    const { status, tracked, warnings } = await trainTracked(out, `mlflow:${fake.url}`, { patience: 200 });
    expect(status).toBe('epochs');
    expect(tracked).toBeUndefined();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({
      code: 'track-behind',
      severity: 'warning',
      message: expect.stringMatching(reason),
    });
    const files = ['metrics.jsonl', 'steps.jsonl', 'manifest.json', 'weights.safetensors'];
    expect(files.filter((file) => !existsSync(join(out, file)))).toEqual([]);
    fake.instead = undefined;
    await track(out, `mlflow:${fake.url}`);
    const [run] = [...fake.runs.values()] as [FakeRun];
    expect(curve(run, 'step/loss')).toHaveLength(16);
    expect(fake.runs.size).toBe(1);
  });

  it('in the middle gets the rest, and no point twice, whether or not it had taken the last request', async () => {
    const out = join(root, 'live');
    let figures = 0;
    fake.instead = ({ path, body }) =>
      path.endsWith('log-batch') && (body as { metrics?: unknown }).metrics && figures++ === 0 ? 503 : undefined;
    await expect(track(out, `mlflow:${fake.url}`)).rejects.toMatchObject({
      diagnostics: [{ code: 'track-failed', message: expect.stringMatching(/answers 503: a proxy \[31m is here$/) }],
    });
    await track(out, `mlflow:${fake.url}`);
    // The run is found again where the answer to its creation was lost.
    expect(fake.runs.size).toBe(1);
    const [{ metrics }] = [...fake.runs.values()] as [FakeRun];
    const points = metrics.map(({ key, step }) => `${key} ${step}`);
    expect(new Set(points).size).toBe(points.length);
  });

  it('to take files keeps the figures, and says why', async () => {
    fake.artifactUri = 's3://bucket/';
    const out = join(root, 'live');
    const { artifacts } = await track(out, `mlflow:${fake.url}`);
    expect(artifacts).toMatch(/^the server keeps files at s3:\/\/bucket\/1\//);
    fake.artifactUri = 'mlflow-artifacts:/';
    fake.instead = ({ method }) => (method === 'PUT' ? 404 : undefined);
    const other = await track(out, `mlflow:${fake.url}#other`);
    expect(other.artifacts).toMatch(/^it answers 404/);
  });
});

describe('a folder of a stranger', () => {
  it.each([
    [
      'a tag that is a filter',
      'tracking.json',
      `{"format":"tower-tracking-1","run":"' OR 1=1 --xxxxxxxxxxxxxxxxxxxxxxxx"}`,
    ],
    ['a step that is a text', 'steps.jsonl', '{"step":"1","loss":1}\n'],
    ['a step that comes twice', 'steps.jsonl', '{"step":1,"loss":1}\n{"step":1,"loss":1}\n'],
    ['an epoch without a loss', 'metrics.jsonl', '{"epoch":1}\n'],
  ])('with %s', async (_, file, text) => {
    const folder = temporaryFolder();
    cpSync(join(root, 'live'), folder, { recursive: true });
    writeFileSync(join(folder, file), text);
    const sent = await track(folder, `mlflow:${fake.url}`).catch((error: unknown) => error);
    if (file === 'tracking.json') {
      // It gets a tag of its own.
      const [run] = [...fake.runs.values()] as [FakeRun];
      expect(run.tags.get('tower.run')).toMatch(/^[0-9a-f-]{36}$/);
    } else {
      expect(sent).toBeInstanceOf(Failure);
      expect((sent as Failure).diagnostics[0]!.code).toBe('damaged-file');
    }
  });
});

describe.skipIf(!hasMlflow)('a real server', () => {
  let real: Awaited<ReturnType<typeof mlflowServer>>;
  const at = temporaryFolder();
  beforeAll(async () => {
    real = await mlflowServer(at);
  }, 300_000);
  afterAll(() => real?.close());

  it('has the run as its logs have it', { timeout: 300_000 }, async () => {
    const out = join(root, 'live');
    const { url, artifacts } = await track(out, `mlflow:${real.url}#films`);
    const id = url.split('/').at(-1)!;
    const ask = async <Answer>(path: string): Promise<Answer> =>
      (await fetch(`${real.url}/api/2.0/mlflow/${path}`)).json() as Promise<Answer>;
    const { run } = await ask<{ run: { info: object; data: { params: object[] } } }>(`runs/get?run_id=${id}`);
    expect(run.info).toMatchObject({ run_name: 'live', status: 'FINISHED', lifecycle_stage: 'active' });
    expect(run.data.params).toContainEqual({ key: 'batch', value: '64' });
    const history = `metrics/get-history?run_id=${id}&metric_key=step/loss`;
    const { metrics } = await ask<{ metrics: { step: number; value: number }[] }>(history);
    expect(metrics.map(({ step, value }) => [step, value])).toEqual(
      lines(out, 'steps.jsonl').map(({ step, loss }) => [step, loss]),
    );
    expect(artifacts).toBeGreaterThan(4);
    const { files } = await ask<{ files: { path: string }[] }>(`artifacts/list?run_id=${id}`);
    expect(files.map(({ path }) => path)).toContain('report.html');
    expect((await track(out, `mlflow:${real.url}#films`)).values).toBe(0);
  });
});
