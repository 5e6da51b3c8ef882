/** Processes that train jobs side by side, and that the system may end whenever it likes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { makeWorkers, type TrainJob, type TuneWorkers } from '../../../src/plugins/tune/train_job.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const root = temporaryFolder();
let workers: TuneWorkers;
afterEach(() => workers.close());

const job = (out: string): TrainJob => ({ path: 'm.tower', set: {}, out, metric: 'ndcg@10', mustCheck: false });

/** Answers with its process id, and then does what `after` says. */
function makeSmall(after: string): void {
  const path = join(root, 'worker.mjs');
  writeFileSync(
    path,
    `process.on('message', () => process.send({ result: { state: 'done', values: [process.pid] } }, () => { ${after} }));`,
  );
  workers = makeWorkers(path);
}

const hasEnded = (pid: number): boolean => {
  try {
    return process.kill(pid, 0) && false;
  } catch {
    return true;
  }
};

it('a process takes the next job too', async () => {
  makeSmall('');
  const { signal } = new AbortController();
  const [first, second] = [await workers.run(job('a'), signal), await workers.run(job('b'), signal)];
  expect(second.values).toEqual(first.values);
});

it('one that was ended between two jobs is not asked again', async () => {
  makeSmall("process.kill(process.pid, 'SIGKILL')");
  const { signal } = new AbortController();
  const { values } = await workers.run(job('a'), signal);
  while (!hasEnded(values[0]!)) await new Promise((resolve) => setTimeout(resolve, 5));
  // The news of its end comes after the end.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const next = await workers.run(job('b'), signal);
  expect(next.state).toBe('done');
  expect(next.values).not.toEqual(values);
});

it('one that ends within a job has failed that job alone', async () => {
  const path = join(root, 'ends.mjs');
  writeFileSync(path, "process.on('message', () => process.exit(9));");
  workers = makeWorkers(path);
  const { signal } = new AbortController();
  expect(await workers.run(job('a'), signal)).toEqual({
    state: 'failed',
    values: [],
    message: 'its process ended by code 9',
  });
  expect((await workers.run(job('b'), signal)).state).toBe('failed');
});
