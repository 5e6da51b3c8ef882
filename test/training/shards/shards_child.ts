/** Trains a model from shards in a process of its own, which kills itself: `shards_child.ts MODEL DATA OUT new|resume [PASS DONE | step N]`. */
import { train } from '../../../src/app/api/train.ts';

const [model, data, out, mode, kind, at] = process.argv.slice(2) as [string, string, string, string, string?, string?];
const die = (): void => void process.kill(process.pid, 'SIGKILL');

const { status } = await train(model, {
  ...{ data, out, memory: '1G', engine: 'javascript', seed: 1, resume: mode === 'resume' },
  shardSizes: { atOnce: 400, buckets: 4, piles: 5, held: 2 },
  onPass({ pass, done }) {
    if (pass === kind && done === Number(at)) die();
  },
  // An epoch's checkpoint is there before the next one is validated.
  onEvent(event) {
    if (kind === 'epoch' && event.kind === 'epoch' && event.record.epoch === Number(at)) die();
  },
});
process.stdout.write(`${status}\n`);
