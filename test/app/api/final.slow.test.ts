/** A run in use is trained on all events: by settings that another run chose, and on each event once, day after day. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { compare, evaluate, load, recommend, type TrainRequest, train } from '../../../src/api.ts';
import { writeReport } from '../../../src/app/api/report.ts';
import { listRuns } from '../../../src/app/api/runs.ts';
import { runsText } from '../../../src/app/cli/table.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { data as block, model, ratings, writeProject } from '../cli/project.ts';
import { diagnosticOf } from './diagnostic_of.ts';

const root = temporaryFolder();
const at = (name: string) => join(root, name);
const split = 'by_time(validation: 10%, test: 10%)';
const short = { epochs: 4 };
/** Its first validation is the best, and the two after it end the run. */
const chooses = model
  .replace('patience: 2', 'patience: 1')
  .replace('batch = 64', 'batch = 64, dense = adam(rate: 0.05)');

const final = (run: string, out: string, more: Partial<TrainRequest> = {}) =>
  train(undefined, { final: at(run), out: at(out), ...more });
const weights = (name: string): Buffer => readFileSync(at(`${name}/weights.safetensors`));
const manifestOf = async (name: string) => (await load(at(name))).trained.manifest;

beforeAll(async () => {
  writeProject(root);
  writeFileSync(at('films.tower'), chooses);
  await train(at('films.tower'), { data: at('data.tower'), out: at('chosen'), engine: 'onnx', set: short, seed: 7 });
  await final('chosen', 'live');
});

describe('a run trained on all events', () => {
  it('has the bits of a training without a held-out part, of as many epochs as the other run chose', async () => {
    const { training } = await manifestOf('chosen');
    expect(training.status).toBe('patience');
    writeFileSync(at('plain.tower'), chooses.replace(/, stop = [^}]*/, ' '));
    writeFileSync(at('whole.tower'), block.replace(split, 'by_time(validation: 0%, test: 0%)'));
    const set = { epochs: training.best!.epoch };
    await train(at('plain.tower'), { data: at('whole.tower'), out: at('plain'), engine: 'onnx', set, seed: 7 });
    expect(weights('live').equals(weights('plain'))).toBe(true);
    const manifest = await manifestOf('live');
    expect(manifest).toMatchObject({
      seed: 7,
      engine: { name: 'onnx' },
      final: { name: at('chosen'), checksum: (await manifestOf('chosen')).checksum },
      training: { status: 'epochs', epochs: training.best!.epoch, rows: 600 },
      data: { train: 600, validation: 0, test: 0, until: { time: 1599, events: 1 } },
    });
    expect(manifest.training.best).toBeUndefined();
  });

  it('answers, knows all events, and is listed; its report says which run chose', async () => {
    const run = await load(at('live'));
    const { asOf, items } = await recommend(run, { user: 'u1', k: 5 });
    expect([asOf, items.length]).toEqual([1599, 5]);
    await run.close();
    const listed = (await listRuns(root)).filter(({ folder }) => [at('live'), at('chosen')].includes(folder));
    expect(listed.map(({ final }) => final?.name)).toEqual([at('chosen'), undefined]);
    const [live] = listed;
    expect(live).toMatchObject({ validation: {} });
    expect(runsText([live!], root)).toMatch(/ finished, all events /);
    const page = readFileSync(await writeReport(at('live')), 'utf8');
    expect(page).toContain('this run has no test figure of its own');
    expect(page).toContain(at('chosen'));
    expect(page).not.toContain('run <code>tower evaluate</code> on this folder');
  });

  it('has no figure of events that it has trained, and one of later events', async () => {
    const code = 'no-test-figure';
    expect(await diagnosticOf(evaluate(await load(at('live'))))).toMatchObject({
      code,
      message: expect.stringContaining('was trained on all events'),
      hint: expect.stringContaining(`evaluate ${at('chosen')}, which chose its settings`),
    });
    const runs = [];
    for (const name of ['chosen', 'live']) runs.push({ name, run: await load(at(name)) });
    expect((await diagnosticOf(compare(runs))).code).toBe(code);
    expect(await diagnosticOf(evaluate(await load(at('live'), { data: at('data.tower') })))).toMatchObject({
      code,
      message: expect.stringContaining('among them 120 events that the data holds out now'),
    });
    // All later events have the time of the last one that was trained: the first of this time is not later.
    writeFileSync(at('later.csv'), `${ratings()}${[1, 2, 3].map((n) => `u${n},m${n},1599\n`).join('')}`);
    const held = (share: string) =>
      writeFileSync(at('later.tower'), block.replace('ratings.csv', 'later.csv').replace(split, share));
    held('by_time(validation: 0%, test: 0.4%)');
    expect((await evaluate(await load(at('live'), { data: at('later.tower') }), { baselines: false })).events).toBe(3);
    held('by_time(validation: 0%, test: 0.6%)');
    expect(await diagnosticOf(evaluate(await load(at('live'), { data: at('later.tower') })))).toMatchObject({
      code,
      message: expect.stringContaining('among them 1 event that'),
    });
  });

  it('that is stopped and resumed has the same bits', async () => {
    const controller = new AbortController();
    const set = { epochs: 3, batch: 32 };
    await train(at('plain.tower'), { data: at('data.tower'), out: at('three'), engine: 'onnx', set });
    await final('three', 'through');
    await final('three', 'paused', {
      final: relative('', at('three')),
      onEvent: ({ kind }) => kind === 'epoch' && controller.abort(),
      signal: controller.signal,
    });
    expect(JSON.parse(readFileSync(at('paused/run.json'), 'utf8')).final.name).toBe(at('three'));
    const unfinished = await diagnosticOf(final('paused', 'x'));
    expect(unfinished.code).toBe('unfinished-run');
    expect(unfinished.hint).not.toContain('unfinished');
    expect((await diagnosticOf(load(at('paused')))).hint).toContain('or add `unfinished: true`');
    expect(weights('paused').equals(weights('through'))).toBe(false);
    const files = { data: at('data.tower'), out: at('paused'), resume: true };
    expect(await diagnosticOf(train(at('plain.tower'), files))).toMatchObject({
      code: 'final-settings',
      message: expect.stringContaining(`takes model and settings from ${at('three')}`),
    });
    await train(undefined, { out: at('paused'), resume: true });
    expect(weights('paused').equals(weights('through'))).toBe(true);
    expect((await manifestOf('paused')).training.epochs).toBe(3);
    const from = { from: at('through'), all: true };
    await final('three', 'further', from);
    const stop = new AbortController();
    await final('three', 'halted', {
      ...from,
      onEvent: ({ kind }) => kind === 'epoch' && stop.abort(),
      signal: stop.signal,
    });
    await train(undefined, { out: at('halted'), resume: true });
    expect(weights('halted').equals(weights('further'))).toBe(true);
    expect(weights('further').equals(weights('through'))).toBe(false);
  });

  it('takes the steps of the best round where validation counts steps', async () => {
    writeFileSync(at('rounds.tower'), chooses.replace('stop =', 'validate = every(steps: 3), stop ='));
    const out = at('rounds');
    const { records, manifest } = await train(at('rounds.tower'), {
      data: at('data.tower'),
      out,
      engine: 'onnx',
      set: short,
    });
    await final('rounds', 'of-rounds');
    const best = records.find(({ epoch }) => epoch === manifest!.training.best!.epoch)!;
    expect(best.step).toBeLessThan(manifest!.training.steps);
    expect((await manifestOf('of-rounds')).training.steps).toBe(best.step);
  });

  it('has its rows in shards where they do not fit, and is loaded from there', async () => {
    const sizes = { atOnce: 150, buckets: 4, piles: 5, held: 2 };
    const { dataset } = await final('chosen', 'sharded', { shardSizes: sizes });
    expect([dataset.parts.train.rows, dataset.parts.test.rows, dataset.shards!.piles.length]).toEqual([600, 0, 5]);
    const run = await load(at('sharded'));
    expect((await recommend(run, { user: 'u1', k: 3 })).items).toHaveLength(3);
    expect((await diagnosticOf(evaluate(run))).code).toBe('no-test-figure');
    await run.close();
    // The next day goes on from it, with the events after its last one.
    const { dataset: next } = await final('chosen', 'after-shards', { from: at('sharded') });
    expect(next.parts.train.fresh).toHaveLength(0);
  });

  it('is refused with other settings, of a run that went on, and without a data block', async () => {
    for (const more of [{ set: { epochs: 3 } }, { seed: 3 }])
      expect((await diagnosticOf(final('chosen', 'x', more))).code).toBe('final-settings');
    expect(await diagnosticOf(train(at('films.tower'), { final: at('chosen'), out: at('x') }))).toMatchObject({
      code: 'final-settings',
      hint: expect.stringContaining('remove '),
    });
    expect((await diagnosticOf(final('chosen', 'x', { from: at('chosen') }))).code).toBe('final-from-other');
    await final('chosen', 'went-on', { from: at('live'), all: true });
    expect((await diagnosticOf(final('went-on', 'x'))).code).toBe('final-continued');
    expect((await diagnosticOf(final('nothing', 'x'))).code).toBe('not-a-run');
    renameSync(at('data.tower'), at('away.tower'));
    try {
      expect((await diagnosticOf(final('chosen', 'x'))).code).toBe('run-elsewhere');
      await final('chosen', 'named', { data: at('away.tower') });
    } finally {
      renameSync(at('away.tower'), at('data.tower'));
    }
    expect(weights('named').equals(weights('live'))).toBe(true);
  });

  it('is not gone on from with events held out that it has trained', async () => {
    const set = { epochs: 1 };
    writeFileSync(
      at('odd.tower'),
      block
        .replace('  time ', `  columns { fold = "if(seen_at % 2 = 0, 'test', 'train')" }\n  time `)
        .replace(split, 'column("fold")'),
    );
    const work = train(at('films.tower'), {
      data: at('odd.tower'),
      out: at('x'),
      from: at('live'),
      engine: 'onnx',
      set,
    });
    expect(await diagnosticOf(work)).toMatchObject({
      code: 'held-out-trained',
      hint: expect.stringContaining('train on all events with `final`'),
    });
  });

  it('needs a model or a run, and so does a run that is resumed', async () => {
    expect(await diagnosticOf(train(undefined, { out: at('x') }))).toMatchObject({
      code: 'model-missing',
      hint: expect.stringContaining('by `final`'),
    });
    expect(await diagnosticOf(train(undefined, { out: at('chosen'), resume: true }))).toMatchObject({
      code: 'model-missing',
      message: `no model is given to continue ${at('chosen')}`,
    });
  });
});

describe('ten days', () => {
  const folds = `  columns { fold = "['train', 'validation', 'test', 'train'][1 + CAST(seen_at AS INTEGER) % 4]" }\n  time `;
  /** Twelve events a day, three at each moment; the next day begins with two more of the last moment. */
  const rowsOfDay = (day: number): string =>
    Array.from({ length: 12 }, (_, n) => {
      const time = 2000 + 10 * day + (n < 2 && day > 0 ? -7 : Math.floor(n / 3));
      return `u${(day + n + 7) % 7},m${(3 * day + n + 40) % 40},${time}\n`;
    }).join('');
  const fewer = (rows: string, count: number) =>
    rows
      .trim()
      .split('\n')
      .slice(0, count + 1)
      .join('\n');

  it.each([
    ['by_time', split, 'ratings.csv'],
    ['last', 'leave_one_out', 'ratings.csv'],
    ['random', 'random(validation: 10%, test: 10%, seed: 2)', 'ratings.csv'],
    ['column', 'column("fold")', 'ratings.csv'],
    ['files', 'files(validation: "valid.csv", test: "test.csv")', 'test.csv'],
  ])('train each event exactly once, split by %s', async (kind, text, appended) => {
    const home = at(`days-${kind}`);
    writeProject(home);
    const write = (name: string, content: string) => writeFileSync(join(home, name), content);
    const [head] = ratings().split('\n');
    write('data.tower', block.replace(split, text).replace('  time ', kind === 'column' ? folds : '  time '));
    write('films.tower', model.replace(/, stop = [^}]*/, ' '));
    write('ratings.csv', `${fewer(ratings(), 300)}\n`);
    write('valid.csv', `${head}\n${rowsOfDay(-2)}`);
    write('test.csv', `${head}\n${rowsOfDay(-1)}`);
    const of = (name: string) => join(home, name);
    await train(of('films.tower'), { data: of('data.tower'), out: of('chosen'), engine: 'onnx', set: { epochs: 1 } });
    const trained = new Map<number, number>();
    const count = (ids: Iterable<number>) => {
      for (const id of ids) trained.set(id, (trained.get(id) ?? 0) + 1);
    };
    const first = await train(undefined, { final: of('chosen'), out: of('live-0') });
    count(first.dataset.parts.train.ids!);
    for (let day = 1; day <= 10; day++) {
      write(appended, `${readFileSync(of(appended), 'utf8')}${rowsOfDay(day)}`);
      const { dataset, manifest } = await train(undefined, {
        final: of('chosen'),
        from: of(`live-${day - 1}`),
        out: of(`live-${day}`),
      });
      const { ids, fresh, rows } = dataset.parts.train;
      expect([fresh!.length, manifest!.from!.events, dataset.parts.test.rows]).toEqual([12, 12, 0]);
      expect(rows).toBe(first.dataset.parts.train.rows + 12 * day);
      count(Array.from(fresh!, (row) => ids![row]!));
    }
    expect(trained.size).toBe(first.dataset.parts.train.rows + 120);
    expect([...trained.values()].every((times) => times === 1)).toBe(true);
    const run = await load(of('live-10'));
    expect((await recommend(run, { user: 'u1', k: 3 })).asOf).toBe(2103);
    await run.close();
  });
});
