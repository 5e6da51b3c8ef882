/** The first training of a starter project: it ends at its limit of time, as a model, and goes on from there if asked. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { load, train } from '../../../src/api.ts';
import { firstRun, userToAsk } from '../../../src/app/api/init.ts';
import { baselines } from '../../../src/training/evaluation/baselines/table.ts';
import { makeDataset } from '../../training/fixtures.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { writeProject } from '../cli/project.ts';

describe('a limit of time', () => {
  const root = temporaryFolder();
  const [model, out, limited] = [join(root, 'films.tower'), join(root, 'run'), join(root, 'limited')];
  const data = join(root, 'data.tower');
  beforeAll(() => writeProject(root));

  it('that has passed leaves one step, and the model of it', async () => {
    const limit = new AbortController();
    limit.abort();
    // A launcher repeats one command: it begins the run, and later goes on with it.
    const repeated = { data, out, engine: 'onnx', resume: 'auto' } as const;
    const { status, manifest } = await train(model, { ...repeated, limit: limit.signal });
    expect(status).toBe('stopped');
    expect(manifest?.training).toMatchObject({ status: 'stopped', steps: 1, epochs: 0 });
    // It is as good as any: nothing has to be marked as unfinished, and training goes on from its step.
    const run = await load(out);
    expect(run.trained.manifest.training.steps).toBe(1);
    await run.close();
    const on = await train(model, repeated);
    const whole = await train(model, { data, out: join(root, 'whole'), engine: 'onnx' });
    expect(on.manifest?.training).toMatchObject({ status: 'epochs', steps: 16 });
    const weights = (folder: string): Buffer => readFileSync(join(folder, 'weights.safetensors'));
    expect(weights(out).equals(weights(join(root, 'whole')))).toBe(true);
    expect(whole.status).toBe('epochs');
  });

  it('gives way to a signal: the run can be resumed, and is no model', async () => {
    const [limit, signal] = [new AbortController(), new AbortController()];
    const { status } = await train(model, {
      ...{ data, out: limited, engine: 'onnx', limit: limit.signal, signal: signal.signal },
      onEvent({ kind }) {
        if (kind !== 'epoch') return;
        limit.abort();
        signal.abort();
      },
    });
    expect(status).toBe('interrupted');
  });

  it('of a starter project reads its rows once, and says that it was cut', async () => {
    writeProject(root);
    const text = readFileSync(model, 'utf8').replace('epochs = 2', 'epochs = 500');
    const starter = join(root, 'starter.tower');
    writeFileSync(starter, `use "data.tower"\n${text}`);
    let reads = 0;
    const left: number[] = [];
    let [now, endLimit] = [0, () => {}];
    const clock = {
      now: () => now,
      after(milliseconds: number, run: () => void) {
        expect(milliseconds).toBe(9000);
        endLimit = run;
        return () => {};
      },
    };
    const first = await firstRun({
      ...{ model: starter, out: join(root, 'first'), engine: 'onnx', seconds: 9, clock },
      onReady() {
        reads++;
        // What was read is in memory: its files are needed no more.
        writeFileSync(join(root, 'ratings.csv'), 'gone\n');
      },
      onEvent(event) {
        if (event.kind !== 'step') return;
        left.push(event.secondsLeft);
        now = 8999;
        endLimit();
      },
    });
    expect(left.length).toBeGreaterThan(0);
    expect(Math.max(...left), 'no more time is left than the limit').toBeLessThanOrEqual(9);
    expect(Math.max(0, ...left.slice(1))).toBeLessThanOrEqual(0.001);
    expect(reads).toBe(1);
    expect(first.isCut).toBe(true);
    expect(first.evaluation.rows.map(({ name }) => name)).toEqual(['films', ...Object.keys(baselines)]);
    expect(first.verdict).toMatch(/The recall@10 of films is \d\.\d{4}\.$/);
  });
});

it('names a user to ask for whose history the model has read, where there is one', () => {
  const dataset = makeDataset({ users: 5, items: 9, eventsPerUser: 6, heldOut: 2 });
  const { users, parts } = dataset;
  const testedBy = (...user: number[]) => ({ ...parts, test: { ...parts.test, user: Int32Array.from(user) } });
  const seen = { ...users.seen, ends: users.seen.ends.map((end, row) => (row === 2 ? end : users.seen.starts[row]!)) };
  const onlyThird = { ...dataset, users: { ...users, seen } };
  const ask = (...user: number[]) => userToAsk({ ...onlyThird, parts: testedBy(...user) }, 'test');
  expect(ask(-1, 4, 2, 1)).toBe(users.keys.at(2));
  expect(ask(4, 1)).toBe(users.keys.at(4));
  expect(ask(-1)).toBeUndefined();
  expect(ask()).toBeUndefined();
});
