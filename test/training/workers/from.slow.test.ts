/** Workers that go on from an earlier run: with tables that have grown, and with rows that are elsewhere now. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkAndLower } from '../../../src/app/api/check.ts';
import { readSafetensors } from '../../../src/base/storage/safetensors.ts';
import { readDataset } from '../../../src/data/read_dataset.ts';
import type { Plan } from '../../../src/graph/plan/plan.ts';
import { lineageOf, readBase } from '../../../src/training/base.ts';
import { trainModel } from '../../../src/training/train_model.ts';
import type { TrainOptions } from '../../../src/training/train_options.ts';
import { eventsText } from '../../data/shards/both_ways.ts';
import { smallData, smallModel } from '../small_model.ts';
import { temporaryFolder } from '../temporary_folder.ts';
import { optionsIn } from './options_in.ts';
import { Killed, makeWorkers } from './together.ts';
import { expectSameWeights, lossesIn, outcomes, trainTogether, weightsOf } from './trained_together.ts';

const root = temporaryFolder();

const model = (train: string): string => smallModel({ more: ', drop: 0.2', train });

const ways: Readonly<Record<string, string>> = {
  'with moments of rows': 'epochs = 2, embeddings = adam(rate: 0.05)',
  // The best epoch is not the last one.
  'which serves an earlier epoch': 'epochs = 4, embeddings = adam(rate: 0.4), stop = recall(5, patience: 4)',
};

beforeAll(() => {
  const [head, ...lines] = eventsText(500).trim().split('\n');
  // The later ones have items that are new.
  const all = lines.map((line, at) => (at >= 350 && at % 4 === 0 ? line.replace(/,i(\d+),/, ',new$1,') : line));
  for (const rows of [350, 500])
    writeFileSync(join(root, `events-${rows}.csv`), `${[head, ...all.slice(0, rows)].join('\n')}\n`);
});

describe.each(Object.entries(ways))('a run %s', (name, more) => {
  const folder = join(root, name);
  let plan: Plan;
  let today: Omit<TrainOptions, 'folder'>;

  async function read(rows: number, pinned?: Parameters<typeof readDataset>[2]) {
    writeFileSync(join(folder, 'model.tower'), model(more));
    writeFileSync(join(root, `data-${rows}.tower`), smallData(`events-${rows}.csv`));
    const checked = await checkAndLower(join(folder, 'model.tower'), { data: join(root, `data-${rows}.tower`) });
    plan = checked.lowered.plan;
    return readDataset(checked.data!.description, plan, pinned);
  }

  beforeAll(async () => {
    mkdirSync(folder);
    const yesterday = await read(350).then((dataset) => optionsIn(join(folder, 'yesterday'), plan, dataset));
    await trainModel(yesterday);
    const base = await readBase(yesterday.folder, plan);
    expect(base.servesEarlier).toBe(name.includes('serves'));
    const dataset = await read(500, { pinned: { encodings: base.trained.encodings, grows: true } });
    const before = (await readSafetensors(join(yesterday.folder, 'weights.safetensors'))).tensors.get('table/item')!;
    const encoding = dataset.encodings.get('item')!;
    expect(encoding.kind === 'vocabulary' && encoding.values.length).toBeGreaterThan(before.shape[0]! - 1);
    today = { ...optionsIn('', plan, dataset), from: { base, lineage: lineageOf(base) } };
  });

  const optionsOf = (run: string, options: Partial<TrainOptions> = {}): TrainOptions => ({
    ...today,
    folder: join(folder, run),
    ...options,
  });

  it('is gone on from by two workers as by one, and with shared tables to the same bits', async () => {
    const one = optionsOf('one');
    await trainModel(one);
    const two = optionsOf('two');
    await trainTogether(two, 2);
    await expectSameWeights(one, two);
    const sharded = optionsOf('sharded', { sharesTables: true });
    await trainTogether(sharded, 2);
    expect(await weightsOf(sharded)).toEqual(await weightsOf(two));
    expect(await lossesIn(sharded)).toEqual(await lossesIn(two));
  });

  it('is refused before a step where a worker goes on from another run, or on other events', async () => {
    const { base, lineage } = today.from!;
    for (const [own, what] of [
      [undefined, 'the run of `--from`'],
      [{ ...lineage, checksum: '0'.repeat(64) }, 'the run of `--from`'],
      [{ ...lineage, fresh: { since: 1 } }, '`--since` or `--all`'],
      [{ ...lineage, replay: 2 }, '`--replay`'],
    ] as const) {
      const options = optionsOf('refused');
      const second = own === undefined ? { from: undefined as never } : { from: { base, lineage: own } };
      const ends = await outcomes(options, makeWorkers(2), second);
      for (const end of ends)
        expect((end as PromiseRejectedResult).reason.message).toMatch(`worker 0: ${what} differs`);
      expect(existsSync(options.folder)).toBe(false);
    }
  });

  it('and after kills, to the same bits', async () => {
    const { from: _, ...resumed } = optionsOf('killed', { sharesTables: true, resume: true });
    for (const exchange of [45, 70]) {
      const isFirst = exchange === 45;
      const options = isFirst ? optionsOf('killed', { sharesTables: true }) : resumed;
      const ends = await outcomes(options, makeWorkers(2, { rank: 1, exchange }));
      expect((ends[1] as PromiseRejectedResult).reason).toBeInstanceOf(Killed);
    }
    await trainTogether(resumed, 2);
    const two = optionsOf('two');
    expect(await weightsOf(resumed)).toEqual(await weightsOf(two));
    expect(await lossesIn(resumed)).toEqual(await lossesIn(two));
  });
});
