/** Training from shards: the same bits however often it is stopped, and files that are checked before they are used. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { evaluate, inspectStep, load, type Run } from '../../../src/app/api/run.ts';
import { type TrainRequest, train } from '../../../src/app/api/train.ts';
import type { ShardDecision } from '../../../src/data/shards/request.ts';
import { failureOf } from '../../data/fixture.ts';
import { eventsText } from '../../data/shards/both_ways.ts';
import { smallData, smallModel } from '../small_model.ts';
import { temporaryFolder } from '../temporary_folder.ts';

const root = temporaryFolder();
const model = join(root, 'small.tower');
const data = join(root, 'data.tower');
const script = join('node_modules', '.cache', `shards_child-${process.pid}.mjs`);
const shardSizes = { atOnce: 400, buckets: 4, piles: 5, held: 2 };
const decisions: ShardDecision[] = [];

/** The data as a person names it: from the working folder. */
const named = relative('.', data);

const trainIn = (run: string, more: Partial<TrainRequest> = {}) =>
  train(model, {
    ...{ data: named, out: join(root, run, 'run'), memory: '1G', engine: 'javascript', seed: 1, shardSizes },
    onDecision: (decision) => decisions.push(decision),
    ...more,
  });

const weightsIn = (run: string): Buffer => readFileSync(join(root, run, 'run', 'weights.safetensors'));
const shardsIn = (run: string): string => {
  const folder = join(root, run, 'tower-shards');
  return join(folder, readdirSync(folder).find((name) => /^[0-9a-f]{16}$/.test(name))!);
};
/** The one folder that is there is not complete. */
const bucketsLeft = (run: string): string[] => {
  const folder = join(root, run, 'tower-shards');
  const [partial, ...others] = readdirSync(folder);
  expect([partial!.endsWith('.partial'), others]).toEqual([true, []]);
  return readdirSync(join(folder, partial!)).filter((name) => /^bucket-\d+\.bin$/.test(name));
};
const manifestIn = (run: string): string => readFileSync(join(shardsIn(run), 'shards.json'), 'utf8');

beforeAll(async () => {
  writeFileSync(join(root, 'events.csv'), eventsText(1500));
  writeFileSync(data, smallData());
  writeFileSync(model, smallModel({ dim: 8 }));
  await build({
    entryPoints: ['test/training/shards/shards_child.ts'],
    ...{ outfile: script, bundle: true, format: 'esm', platform: 'node', packages: 'external' },
  });
  await trainIn('whole');
});

/** What is left after a kill, and that it was one. */
function killed(run: string, mode: string, ...at: string[]): void {
  const out = join(root, run, 'run');
  const { signal, stderr } = spawnSync(process.execPath, [script, model, data, out, mode, ...at], { encoding: 'utf8' });
  expect(signal, stderr).toBe('SIGKILL');
}

describe('the same bits', () => {
  it('for the same command, which reuses shards where they are', async () => {
    await trainIn('again', { shards: join(root, 'whole', 'tower-shards') });
    expect(decisions.at(-1)).toMatchObject({ rows: 'shards', reused: true });
    expect(weightsIn('again')).toEqual(weightsIn('whole'));
  });

  it('after kills in each pass, and between epochs', async () => {
    killed('killed', 'new', 'reading', '800');
    killed('killed', 'new', 'counting', '2');
    expect(bucketsLeft('killed')).toHaveLength(4);
    killed('killed', 'new', 'encoding', '1');
    expect(bucketsLeft('killed')).toHaveLength(3);
    killed('killed', 'new', 'encoding', '3');
    expect(bucketsLeft('killed')).toEqual(['bucket-3.bin']);
    killed('killed', 'new', 'epoch', '1');
    expect(manifestIn('killed')).toBe(manifestIn('whole'));
    await trainIn('killed', { resume: true });
    expect(readdirSync(join(root, 'killed', 'tower-shards'))).toHaveLength(1);
    expect(weightsIn('killed')).toEqual(weightsIn('whole'));
  });

  it('after a stop in the middle of an epoch', async () => {
    const stop = new AbortController();
    const { status } = await trainIn('stopped', {
      shards: join(root, 'whole', 'tower-shards'),
      signal: stop.signal,
      onEvent: (event) => event.kind === 'step' && event.step >= 5 && stop.abort(),
    });
    expect(status).toBe('interrupted');
    await trainIn('stopped', { shards: join(root, 'whole', 'tower-shards'), resume: true });
    expect(weightsIn('stopped')).toEqual(weightsIn('whole'));
  });
});

describe('files of shards', () => {
  it('are refused where one is cut off, changed or missing; removed, they are written again with the same bits', async () => {
    cpSync(join(root, 'whole'), join(root, 'damaged'), { recursive: true });
    const pile = join(shardsIn('damaged'), 'rows-0.bin');
    const bytes = readFileSync(pile);
    const complaint = () => failureOf(trainIn('damaged', { resume: true, set: { epochs: 4 } }));
    truncateSync(pile, bytes.length - 8);
    expect((await complaint()).join()).toContain('shards-damaged at nowhere: shard');
    bytes[100]! ^= 1;
    writeFileSync(pile, bytes);
    expect((await complaint()).join()).toContain('its checksum differs');
    rmSync(pile);
    expect((await complaint()).join()).toContain('it does not exist');
    rmSync(shardsIn('damaged'), { recursive: true });
    await trainIn('damaged', { resume: true, set: { epochs: 4 } });
    await trainIn('longer', { shards: join(root, 'whole', 'tower-shards'), set: { epochs: 4 } });
    expect(weightsIn('damaged')).toEqual(weightsIn('longer'));
    expect(existsSync(pile)).toBe(true);
  });

  it('serve `evaluate` and `recommend` as well, without the data in memory', async () => {
    const run = await load(join(root, 'whole', 'run'), {
      engine: 'javascript',
      onDecision: (decision) => decisions.push(decision),
    });
    const { metrics } = await evaluate(run, { baselines: 'none' });
    expect(decisions.at(-1)).toMatchObject({ rows: 'shards', reused: true });
    expect(Object.values(metrics).length).toBeGreaterThan(0);
    await run.close();
  });

  it('let a step be taken again, and popularity be counted by a feature', async () => {
    await trainIn('memory', { shardSizes: undefined as never });
    const [shards, memory] = await Promise.all(
      ['whole', 'memory'].map((name) => load(join(root, name, 'run'), { engine: 'javascript' })),
    );
    const steps = readFileSync(join(root, 'whole', 'run', 'steps.jsonl'), 'utf8')
      .trim()
      .split('\n');
    const { taken } = await inspectStep(shards!, { step: steps.length - 2 });
    expect(taken).toMatchObject({ agrees: true });
    const lines = readFileSync(join(root, 'events.csv'), 'utf8').trim().split('\n').slice(1);
    for (const { event, user, item } of taken!.events)
      expect(lines[event!]!.split(',').slice(0, 2)).toEqual([user, item]);
    const byUser = async (run: Run) => {
      const { rows } = await evaluate(run, { by: 'user', baselines: ['popularity'] });
      await run.close();
      return rows.find(({ name }) => name === 'popularity by user')!.all;
    };
    expect(await byUser(shards!)).toEqual(await byUser(memory!));
  });
});

it('comes as close as another seed does, where one pile has all rows', async () => {
  const recall = async (run: string, more: Partial<TrainRequest>): Promise<number> => {
    const { records } = await trainIn(run, { set: { epochs: 8 }, ...more });
    return records.at(-1)!.validation!['recall@10']!;
  };
  const memory = [];
  for (const seed of [1, 2, 3]) memory.push(await recall(`memory-${seed}`, { seed, shardSizes: undefined as never }));
  const one = await recall('one', { shardSizes: { ...shardSizes, piles: 1 } });
  const spread = Math.max(0.03, Math.max(...memory) - Math.min(...memory));
  const mean = memory.reduce((sum, each) => sum + each, 0) / memory.length;
  expect(Math.abs(one - mean)).toBeLessThan(2 * spread);
});
