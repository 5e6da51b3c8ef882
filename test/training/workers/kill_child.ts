/** One worker in a process of its own, which meets the others through its parent: `kill_child.ts RANK WORKERS FOLDER new|resume`. */
import { amongWorkers, WorkerLost } from '../../../src/engines/group.ts';
import { follow } from '../../../src/training/follow.ts';
import { trainModel } from '../../../src/training/train_model.ts';
import { killRun } from './kill_run.ts';
import { type MeetingPlace, makeWorker } from './together.ts';

const [rank, workers, folder, mode] = process.argv.slice(2) as [string, string, string, string];

let waiting: { resolve(all: unknown[]): void; reject(error: unknown): void } | undefined;
process.on('message', ({ all, lost }: { all?: unknown[]; lost?: number }) => {
  const { resolve, reject } = waiting ?? {};
  waiting = undefined;
  if (all) resolve?.(all);
  else if (reject) reject(new WorkerLost('closed', `worker ${lost} is gone`, undefined));
  // Between two meetings: there is nothing to wait for any more.
  else process.exit(3);
});
const place: MeetingPlace = {
  meet: <T>(_: number, value: T) =>
    new Promise<T[]>((resolve, reject) => {
      waiting = { resolve: resolve as (all: unknown[]) => void, reject };
      process.send!(value);
    }),
};

const worker = makeWorker(Number(rank), Number(workers), { words: place, values: place });
const options = { ...killRun(folder), ...worker, resume: mode === 'resume' };
await amongWorkers<unknown>(worker.group, () => (rank === '0' ? trainModel(options) : follow(options)));
process.disconnect();
