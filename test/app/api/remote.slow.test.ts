/** Object stores as a user comes to them: a set is drawn, put into a bucket, trained on and measured. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../../../src/api.ts';
import { load } from '../../../src/app/api/run.ts';
import { train } from '../../../src/app/api/train.ts';
import { dataSets } from '../../../src/plugins/sets/table.ts';
import { hasStore, type Store, secret, startStore, useStore } from '../../data/files/remote/store.ts';
import { failureOf } from '../../data/fixture.ts';

const root = mkdtempSync(join(tmpdir(), 'tower-remote-'));
const at = (...parts: string[]) => join(root, ...parts);
let store: Store | undefined;
afterAll(() => {
  store?.close();
  rmSync(root, { recursive: true, force: true });
});

const model = `model tiny
features {
  user_id : id(dim: 4)
  history : list(item_id, max: 5, pool: mean)
  item_id : id(dim: 4)
}
group asking = user_id, history
group thing  = item_id
tower user(asking) keyed by user_id { channel main = asking -> flatten -> mlp(4) }
tower item(thing) keyed by item_id { channel main = thing -> flatten -> mlp(4) }
task watch {
  score = dot(user, item)
  loss  = softmax(in_batch)
}
train { batch = 128, epochs = 1 }
`;

const block = (folder: string): string => `data drawn {
  events = "${folder}/events/*.parquet"
  items  = "${folder}/items/*.parquet" by item_id
  time    = "time"
  history = past(item_id, 5)
  split   = by_time(validation: 5%, test: 5%)
  seen    = kept
}
`;

describe.skipIf(!hasStore)('a set in an object store', () => {
  beforeAll(async () => {
    store = await startStore();
    await store.put('shop');
    const synthetic = { rows: 1500, users: 60, items: 40 };
    await dataSets.synthetic.get({ folder: at('drawn'), synthetic, log: () => {}, progress: () => {} });
    for (const role of ['events', 'items'])
      for (const name of readdirSync(at('drawn', role)))
        await store.put(`shop/drawn/${role}/${name}`, readFileSync(at('drawn', role, name)));
    writeFileSync(at('tiny.tower'), model);
    writeFileSync(at('here.tower'), block('drawn'));
    writeFileSync(at('there.tower'), block('s3://shop/drawn'));
  }, 60_000);

  const trained = async (name: string, more: object = {}): Promise<string> => {
    const out = at(name, 'run');
    await train(at('tiny.tower'), { out, engine: 'javascript', seed: 1, memory: '1G', ...more });
    return readFileSync(join(out, 'weights.safetensors'), 'base64');
  };

  it('trains to the bits of its files on this machine, in memory and in shards', async () => {
    useStore(store!.url, '');
    const there = { data: at('there.tower'), allow: ['s3://shop/drawn/'] };
    const here = { data: at('here.tower') };
    expect(await trained('there', there)).toBe(await trained('here', here));
    const inPlace = { shardSizes: { atOnce: 400, buckets: 2, piles: 3, held: 2, room: 0 } };
    expect(await trained('there-shards', { ...there, ...inPlace })).toBe(
      await trained('here-shards', { ...here, ...inPlace }),
    );

    // Keys are nowhere, and the run is measured only where its address is allowed.
    for (const path of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
      if (!statSync(at(path)).isFile()) continue;
      expect(readFileSync(at(path)).includes(secret), path).toBe(false);
      expect(readFileSync(at(path)).includes('AKIDOFATEST'), path).toBe(false);
    }
    const measure = async (allow: string[]) => {
      const run = await load(at('there', 'run'), { engine: 'javascript', allow });
      return (await evaluate(run, { baselines: [] })).metrics;
    };
    expect((await failureOf(measure([])))[0]).toMatch(/^data-file-remote /);
    expect((await failureOf(measure(['s3://shop/drawn/events/'])))[0]).toMatch(/^data-file-remote /);
    expect(JSON.stringify(await measure(['s3://shop/']))).toContain('recall@50');
  }, 60_000);
});
