/** Runs that go on from an earlier one: codes, weights, what is new, and the laws that make a day a part of one training. */
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { evaluate, exportTowers, load, recommend, type TrainRequest, train } from '../../../src/api.ts';
import { lockFolder } from '../../../src/base/storage/lock.ts';
import { readSafetensors } from '../../../src/base/storage/safetensors.ts';
import type { Encoding } from '../../../src/data/dataset.ts';
import type { ShardDecision } from '../../../src/data/shards/request.ts';
import { makeTable } from '../../../src/training/embedding/table.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { data as block, ratings, model as text, writeProject } from '../cli/project.ts';
import { diagnosticOf } from './diagnostic_of.ts';

const root = temporaryFolder();
const at = (name: string) => join(root, name);
/** Without `stop`, so that the served weights are those of the last step. */
const model = text.replace(', stop = recall(10, patience: 2)', '');
const split = 'by_time(validation: 10%, test: 10%)';
const fold = "CASE WHEN seen_at < 1400 THEN 'train' WHEN seen_at < 1450 THEN 'validation' ELSE 'test' END";
const data = (until: number, file = 'ratings.csv') =>
  block
    .replace('"ratings.csv"', `"${file}"`)
    .replace(split, 'column("fold")')
    .replace(
      '  time ',
      `  columns { fold = "${fold.replaceAll('1400', String(until)).replaceAll('1450', String(until + 50))}" }\n  time `,
    );

/** The ratings up to a moment, and one film that is new in the last ones. */
function upTo(moment: number): string {
  const [head, ...rows] = ratings().trim().split('\n');
  const kept = rows.filter((row) => Number(row.split(',')[2]) < moment);
  return [head, ...kept.map((row, i) => (i % 10 === 0 && i >= 400 ? row.replace(/m\d+/, 'm40') : row)), ''].join('\n');
}

const day = (name: string, from: string | undefined, more: Partial<TrainRequest> & { data?: string } = {}) =>
  train(at('films.tower'), {
    data: at('day2.tower'),
    out: at(name),
    engine: 'onnx',
    set: { epochs: 1 },
    ...(from === undefined ? {} : { from: at(from) }),
    ...more,
  });
const weights = (name: string): Buffer => readFileSync(at(`${name}/weights.safetensors`));
const valuesOf = (name: string, feature: string): readonly string[] => {
  const encoding = JSON.parse(readFileSync(at(`${name}/encodings/${feature}.json`), 'utf8')) as Encoding;
  return encoding.kind === 'vocabulary' ? [...encoding.values] : [];
};

beforeAll(async () => {
  writeProject(root);
  writeFileSync(at('films.tower'), model);
  writeFileSync(at('one.csv'), upTo(1450));
  writeFileSync(at('two.csv'), upTo(1600));
  const films = readFileSync(at('films.csv'), 'utf8');
  writeFileSync(at('films.csv'), `${films}m40,"Film 40, the new one"\n`);
  writeFileSync(at('day1.tower'), data(1400, 'one.csv'));
  writeFileSync(at('day2.tower'), data(1500, 'two.csv'));
  await day('day1', undefined, { data: at('day1.tower'), set: { epochs: 2 } });
});

describe('a run that goes on from an earlier one', () => {
  it('keeps old codes and appends new ones, trains on what is new, and says where it began', async () => {
    await day('day2', 'day1');
    const [before, now] = [valuesOf('day1', 'movie_id'), valuesOf('day2', 'movie_id')];
    expect(now.slice(0, before.length)).toEqual(before);
    expect(now.slice(before.length)).toEqual(['m40']);
    const run = await load(at('day2'));
    const first = (await load(at('day1'))).trained.manifest;
    expect(run.trained.manifest.from).toMatchObject({
      checksum: first.checksum,
      name: at('day1'),
      runs: 1,
      steps: first.training.steps,
      epochs: 2,
      until: { time: 1399, events: 1 },
      events: 100,
    });
    expect(run.trained.manifest.training).toMatchObject({ epochs: 1, steps: 2, rows: 500 });
    const evaluation = await evaluate(run, { baselines: 'none' });
    expect(evaluation.protocol.join(' ')).toContain('with the 100 events of its training part after 1399.');
    const { items } = await recommend(run, { user: 'u1', k: 41, removeSeen: false });
    expect(items.map(({ key }) => key)).toContain('m40');
  });

  it('with replay trains on earlier events too, says so, and resumes with the same draws', async () => {
    const set = { epochs: 2 };
    await day('mixed', 'day1', { replay: 2, set });
    const { from, training } = (await load(at('mixed'))).trained.manifest;
    expect(from).toMatchObject({ events: 100, replay: 2 });
    // Two epochs of 100 new events and 200 earlier ones, 64 a batch.
    expect(training).toMatchObject({ epochs: 2, steps: 10 });
    const controller = new AbortController();
    const onEvent: TrainRequest['onEvent'] = ({ kind }) => kind === 'epoch' && controller.abort();
    await day('stopped', 'day1', { replay: 2, set, onEvent, signal: controller.signal });
    expect(weights('stopped').equals(weights('mixed'))).toBe(false);
    await day('stopped', undefined, { set, resume: true });
    expect(weights('stopped').equals(weights('mixed'))).toBe(true);
    const evaluation = await evaluate(await load(at('mixed')), { baselines: 'none' });
    expect(evaluation.protocol.join(' ')).toContain('and in each epoch up to 2 earlier ones for each of them.');
    for (const replay of [-1, Number.NaN])
      expect(await diagnosticOf(day('refused', 'day1', { replay }))).toMatchObject({ code: 'replay-unreadable' });
  });

  it('without a new event has the bits of the earlier run', async () => {
    await day('same', 'day1', { data: at('day1.tower') });
    expect(weights('same').equals(weights('day1'))).toBe(true);
  });

  it('with too few new events for a step has the old rows, and new ones at their first values', async () => {
    // One event is new, and its film too.
    writeFileSync(at('later.tower'), data(1401, 'two.csv'));
    await day('later', 'day1', { data: at('later.tower') });
    const tables = async (name: string) => (await readSafetensors(at(`${name}/weights.safetensors`))).tensors;
    const [before, now] = [await tables('day1'), await tables('later')];
    const old = before.get('table/movie_id')!;
    const grown = now.get('table/movie_id')!.data;
    expect(grown.length).toBe(old.data.length + 8);
    expect(grown.slice(0, old.data.length)).toEqual(old.data);
    const { plan } = (await load(at('later'))).trained;
    const fresh = makeTable({ name: 'movie_id', rows: grown.length / 8, dim: 8 });
    fresh.initialize(plan.train.seed, plan.tables.find(({ name }) => name === 'movie_id')!.limit);
    expect(grown.slice(old.data.length)).toEqual(fresh.values().slice(old.data.length));
    for (const [name, { data: values }] of before)
      if (name.startsWith('parameter/')) expect(now.get(name)!.data).toEqual(values);
  });

  it('on the same events is the earlier run continued, bit for bit', async () => {
    cpSync(at('day1'), at('resumed'), { recursive: true });
    await day('resumed', undefined, { data: at('day1.tower'), set: { epochs: 3 }, resume: true });
    await day('all', 'day1', { data: at('day1.tower'), all: true });
    expect(weights('all').equals(weights('resumed'))).toBe(true);
    expect(weights('all').equals(weights('day1'))).toBe(false);
  });

  it('killed and resumed has the same bits, without the earlier run', async () => {
    let copied = false;
    const options = { set: { epochs: 2, batch: 16 } };
    await day('whole', 'day1', {
      ...options,
      onEvent({ kind }) {
        // What a kill leaves: the folder as it is in the middle of the first epoch.
        if (kind === 'step' && !copied) cpSync(at('whole'), at('killed'), { recursive: true });
        copied ||= kind === 'step';
      },
    });
    expect(copied).toBe(true);
    renameSync(at('day1'), at('away'));
    try {
      await day('killed', undefined, { ...options, resume: true });
    } finally {
      renameSync(at('away'), at('day1'));
    }
    expect(weights('killed').equals(weights('whole'))).toBe(true);
    expect((await load(at('killed'))).trained.manifest.from).toEqual((await load(at('whole'))).trained.manifest.from);
  });

  it('goes on from a run that went on itself', async () => {
    writeFileSync(at('day3.tower'), data(1550, 'two.csv'));
    await day('day3', 'day2', { data: at('day3.tower') });
    const { from } = (await load(at('day3'))).trained.manifest;
    const first = (await load(at('day1'))).trained.manifest.training.steps;
    expect(from).toMatchObject({ runs: 2, steps: first + 2, epochs: 3, events: 50, until: { time: 1499, events: 1 } });
  });

  it('says of other data how many events it was trained on, and not how many of them that data has', async () => {
    const { protocol } = await evaluate(await load(at('day2'), { data: at('day3.tower') }), { baselines: 'none' });
    const sentences = protocol.filter((sentence) => /went on|earlier/.test(sentence)).join(' ');
    expect(sentences).toContain('with the 100 events of its training part after 1399.');
    expect(sentences).not.toContain('150 events');
    writeFileSync(at('early.tower'), data(1430, 'two.csv'));
    const early = await evaluate(await load(at('day2'), { data: at('early.tower') }), { baselines: 'none' });
    expect(early.protocol.filter((sentence) => sentence.includes('the earlier run, which'))).toEqual([]);
    expect(early.protocol.join(' ')).toContain('69 held-out events are earlier than 1499');
  });

  it('counts events that came late, which are no new ones', async () => {
    writeFileSync(at('late.csv'), `${upTo(1600)}u1,m2,1100\nu99,m3,1399\nu99,m4,1450\n`);
    writeFileSync(at('late.tower'), data(1500, 'late.csv'));
    const warnings: (string | undefined)[] = [];
    const onReady: TrainRequest['onReady'] = (ready) => warnings.push(...ready.warnings.map(({ message }) => message));
    const { dataset } = await day('late', 'day1', { data: at('late.tower'), onReady });
    expect(dataset.parts.train.fresh).toHaveLength(102);
    expect(warnings).toEqual([`1 training event up to 1399 is not among those of ${at('day1')}: no run trains on it`]);
    await day('late', 'day1', { data: at('late.tower'), onReady, force: true, since: 1100 });
    await day('in-time', 'day1', { onReady });
    expect(warnings).toHaveLength(1);
  });

  it('takes events since a moment, or all', async () => {
    await day('since', 'day1', { since: '1350' });
    await day('everything', 'day1', { all: true });
    expect((await load(at('since'))).trained.manifest.from).toMatchObject({ events: 150, fresh: { since: 1350 } });
    expect((await load(at('everything'))).trained.manifest.from).toMatchObject({ events: 500 });
    expect((await diagnosticOf(day('x', 'day1', { since: 'yesterday' }))).code).toBe('since-unreadable');
  });

  it('takes no date that is none, and none where the time counts no seconds', async () => {
    expect(await diagnosticOf(day('x', 'day1', { since: '2018-02-30' }))).toMatchObject({ code: 'since-unreadable' });
    writeFileSync(at('fine.tower'), data(1400, 'one.csv').replace(/time {4}= .*/, 'time    = "seen_at * 1000000000"'));
    await day('fine', undefined, { data: at('fine.tower') });
    const later = (since: string, out = 'x') => day(out, 'fine', { data: at('fine.tower'), since });
    expect(await diagnosticOf(later('2018-09-01'))).toMatchObject({
      code: 'time-not-seconds',
      message: expect.stringContaining("`since: '2018-09-01'` needs a time in seconds since 1970"),
      hint: 'write a number in the unit of the `time` of the data block',
    });
    const { dataset } = await later('1390e9', 'finer');
    expect(dataset.parts.train.fresh!.length).toBeGreaterThan(0);
    expect(dataset.parts.train.fresh!.length).toBeLessThan(100);
  });

  it('trains on new rows from shards, also where they are written again for a resumed run', async () => {
    const sizes = { atOnce: 300, buckets: 1, piles: 1, held: 1 };
    const inShards = { shardSizes: sizes, memory: '1G', shards: at('shards'), onDecision };
    const decisions: string[] = [];
    for (const [name, more] of Object.entries({ 'in-memory': {}, 'in-shards': inShards })) {
      await day(name, 'day1', { ...more, set: { epochs: 1, batch: 1024 } });
      rmSync(at('shards'), { recursive: true, force: true });
      await day(name, undefined, { ...more, set: { epochs: 3, batch: 1024 }, resume: true });
    }
    // All new rows are in each step, so their order is that of memory.
    expect(weights('in-shards')).toEqual(weights('in-memory'));
    const figures = async (name: string) => {
      const run = await load(at(name), { onDecision });
      const { metrics, protocol } = await evaluate(run, { baselines: 'none' });
      await run.close();
      return { metrics, protocol };
    };
    expect(await figures('in-shards')).toEqual(await figures('in-memory'));
    expect(decisions).toEqual(['shards', 'shards', 'shards reused', 'memory']);

    function onDecision({ rows, reused }: ShardDecision): void {
      decisions.push(reused ? `${rows} reused` : rows);
    }
  });

  it('takes rows into another precision, rounded once, and back', async () => {
    const half = model.replace('movie_id : id(dim: 8)', 'movie_id : id(dim: 8, precision: bf16)');
    writeFileSync(at('half.tower'), half);
    const go = (name: string, from: string, out: string, more: Partial<TrainRequest> = {}) =>
      train(at(name), {
        data: at('day1.tower'),
        out: at(out),
        from: at(from),
        engine: 'onnx',
        since: 2000,
        set: { epochs: 1 },
        ...more,
      });
    const rows = async (name: string) =>
      (await readSafetensors(at(`${name}/weights.safetensors`))).tensors.get('table/movie_id')!.data as Float32Array;
    await go('half.tower', 'day1', 'half');
    const rounded = Float32Array.from(await rows('day1'));
    const bits = new Uint32Array(rounded.buffer);
    for (const [at, each] of bits.entries()) bits[at] = ((each + 0x7fff + ((each >>> 16) & 1)) >>> 16) << 16;
    expect([...(await rows('half'))]).toEqual([...rounded]);
    await go('films.tower', 'half', 'back');
    expect([...(await rows('back'))]).toEqual([...rounded]);
    const { status, records } = await go('half.tower', 'day1', 'half2', { data: at('day2.tower'), since: 0 });
    expect([status, records.length]).toEqual(['epochs', 1]);
  });

  it('takes another order of features, other rates and batches', async () => {
    const lines = model
      .replace('  user_id  : id(dim: 8)\n', '')
      .replace('  movie_id : id(dim: 8)\n', '  movie_id : id(dim: 8)\n  user_id  : id(dim: 8)\n');
    expect(lines).not.toBe(model);
    writeFileSync(at('order.tower'), lines);
    const { status } = await train(at('order.tower'), {
      data: at('day2.tower'),
      from: at('day1'),
      out: at('order'),
      engine: 'onnx',
      set: { epochs: 1, batch: 32 },
      seed: 5,
    });
    expect(status).toBe('epochs');
  });
});

describe('admission and eviction', () => {
  const counted = model.replace('movie_id : id(dim: 8)', 'movie_id : id(dim: 8, min_count: 3, expire_days: 0.005)');
  const rowsOf = async (name: string) => {
    const { tensors } = await readSafetensors(at(`${name}/checkpoint.safetensors`));
    const values = ['', ...valuesOf(name, 'movie_id')];
    const row = (tensor: string, code: number) => {
      const { data: numbers, shape } = tensors.get(tensor)!;
      const width = shape.length === 2 ? shape[1]! : numbers.length / values.length;
      return [...numbers.slice(code * width, (code + 1) * width)];
    };
    return { values, row };
  };

  it('moves rows and the state of their optimizer with a map, and the run answers with its own codes', async () => {
    writeFileSync(at('counted.tower'), counted);
    // No step is taken on the second day, so that rows stay as they were.
    const run = (out: string, file: string, more: Partial<TrainRequest> = {}) =>
      train(at('counted.tower'), { data: at(file), out: at(out), engine: 'onnx', set: { epochs: 1 }, ...more });
    const [head, ...rows] = upTo(1600).trim().split('\n');
    const filmOf = (row: string): string => row.split(',')[1]!;
    const early = rows.slice(0, 100).map(filmOf);
    const often = (film: string): number => early.filter((each) => each === film).length;
    const gone = new Set([...new Set(early)].sort((a, b) => often(b) - often(a)).slice(0, 3));
    const kept = rows.filter((row, i) => i < 100 || !gone.has(filmOf(row)));
    writeFileSync(at('leaving.csv'), [head, ...kept, ''].join('\n'));
    writeFileSync(
      at('c1.tower'),
      data(1400, 'leaving.csv').replace('time    =', `where   = "seen_at < 1450"\n  time    =`),
    );
    writeFileSync(at('c2.tower'), data(1550, 'leaving.csv'));
    await run('c1', 'c1.tower');
    expect(valuesOf('c1', 'movie_id')).toEqual(expect.arrayContaining([...gone]));
    await run('c2', 'c2.tower', { from: at('c1'), since: 2000 });
    const [before, now] = [await rowsOf('c1'), await rowsOf('c2')];
    expect(now.values.filter((value) => gone.has(value))).toEqual([]);
    const { codes } = JSON.parse(readFileSync(at('c2/compaction.json'), 'utf8'));
    expect(codes.movie_id).toHaveLength(before.values.length);
    for (const [code, moved] of (codes.movie_id as (number | null)[]).entries()) {
      expect(moved === null ? gone.has(before.values[code]!) : now.values[moved] === before.values[code]).toBe(true);
      for (const tensor of ['table/movie_id', 'state/movie_id/sum']) {
        if (moved !== null) expect(now.row(tensor, moved)).toEqual(before.row(tensor, code));
      }
    }
    // Until now a new value was an unseen one, whose row rare values have trained.
    const added = now.values.slice(1).filter((value) => !before.values.includes(value));
    expect(added).toEqual(['m40']);
    expect(now.row('table/movie_id', now.values.indexOf('m40'))).toEqual(before.row('table/movie_id', 0));
    const manifest = (await load(at('c2'))).trained.manifest;
    expect(Object.keys(manifest.files)).toEqual(expect.arrayContaining(['admission.safetensors', 'compaction.json']));
    const evaluation = await evaluate(await load(at('c2')), { baselines: false });
    expect(evaluation.events).toBeGreaterThan(0);
    await exportTowers(await load(at('c2')), { out: at('c2-export') });
    expect(JSON.parse(readFileSync(at('c2-export/encodings/movie_id.json'), 'utf8')).values).toEqual(
      valuesOf('c2', 'movie_id'),
    );
  });

  it('refuses days where the time counts no seconds', async () => {
    writeFileSync(at('expiring.tower'), counted);
    writeFileSync(
      at('milliseconds.tower'),
      data(1400, 'one.csv').replace(/time {4}= .*/, 'time    = "seen_at * 1000000000"'),
    );
    const work = train(at('expiring.tower'), { data: at('milliseconds.tower'), out: at('x'), engine: 'onnx' });
    expect(await diagnosticOf(work)).toMatchObject({
      code: 'time-not-seconds',
      message: expect.stringContaining('`expire_days` of `movie_id` needs a time in seconds since 1970'),
      hint: 'write the time in seconds, such as `time = "at / 1000"` for milliseconds',
    });
  });

  it('with `--force` leaves no account of the run that it replaces', async () => {
    cpSync(at('c1'), at('c4'), { recursive: true });
    writeFileSync(at('c4/admission.json'), '{}');
    const run = (out: string, more: Partial<TrainRequest>) =>
      train(at('counted.tower'), { data: at('c1.tower'), out: at(out), engine: 'onnx', set: { epochs: 1 }, ...more });
    await run('c4', { force: true });
    expect((await run('c5', { from: at('c4') })).status).toBe('epochs');
  });

  it('refuses an account of admission that was changed or is of another kind', async () => {
    cpSync(at('c1'), at('c3'), { recursive: true });
    writeFileSync(at('c3/admission.safetensors'), '{}');
    const work = train(at('counted.tower'), { data: at('c2.tower'), out: at('x'), from: at('c3'), engine: 'onnx' });
    expect((await diagnosticOf(work)).code).toBe('changed-file');
  });
});

describe('what a run cannot go on from', () => {
  it('is another model: the message lists what differs', async () => {
    const other = model
      .replace('movie_id : id(dim: 8)', 'movie_id : id(dim: 16)')
      .replace('mlp(16, width)', 'mlp(12, width)');
    writeFileSync(at('other.tower'), other);
    const work = train(at('other.tower'), { data: at('day2.tower'), from: at('day1'), out: at('x'), engine: 'onnx' });
    const { code, message } = await diagnosticOf(work);
    expect(code).toBe('from-other-model');
    expect(message).toContain('feature `movie_id` differs: its width is `16`, and was `8`');
    expect(message).toContain('table `movie_id` differs');
    expect(message).toContain('tower `user` computes its vector in another way');
  });

  it('is itself, a folder without a run, one that is trained, one that is damaged, or one without its checkpoint', async () => {
    expect((await diagnosticOf(day('day1', 'day1'))).code).toBe('from-itself');
    mkdirSync(at('empty'));
    expect((await diagnosticOf(day('x', 'empty'))).code).toBe('not-a-run');
    cpSync(at('day1'), at('held'), { recursive: true });
    const lock = await lockFolder(at('held'), { purpose: 'tower train' });
    expect((await diagnosticOf(day('x', 'held'))).code).toBe('run-in-use');
    await lock.release();
    truncateSync(at('held/checkpoint.safetensors'), 2000);
    expect((await diagnosticOf(day('x', 'held'))).code).toBe('damaged-file');
    renameSync(at('held/checkpoint.safetensors'), at('held-checkpoint'));
    expect(await diagnosticOf(day('x', 'held'))).toMatchObject({
      code: 'lost-file',
      message: expect.stringContaining('checkpoint.safetensors'),
    });
  });

  it('is a run of another version', async () => {
    cpSync(at('day1'), at('old'), { recursive: true });
    const path = at('old/manifest.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('tower-model-2', 'tower-model-1'));
    expect((await diagnosticOf(day('x', 'old'))).code).toBe('damaged-file');
  });

  it('has no time to know new events by, or was trained on what is held out', async () => {
    writeFileSync(
      at('untimed.tower'),
      data(1500, 'two.csv')
        .replace(/ {2}time .*\n/, '')
        .replace(/ {2}history .*\n/, ''),
    );
    writeFileSync(at('plain.tower'), model.replace(/ {2}history .*\n/, '').replace('user_id, history', 'user_id'));
    const plain = (out: string, more: Partial<TrainRequest>) =>
      train(at('plain.tower'), {
        data: at('untimed.tower'),
        out: at(out),
        engine: 'onnx',
        set: { epochs: 1 },
        ...more,
      });
    await plain('untimed', {});
    expect((await diagnosticOf(plain('x', { from: at('untimed') }))).code).toBe('from-no-time');
    expect((await plain('untimed2', { from: at('untimed'), all: true })).status).toBe('epochs');
    // Whether an item of a line is new does not follow from its position.
    writeFileSync(at('lines.txt'), Array.from({ length: 30 }, (_, u) => `u${u} m1 m2 m${u % 40} m3\n`).join(''));
    const named = 'columns { user_id = "user", movie_id = "item" }\n  time = "position"\n  split = leave_one_out';
    writeFileSync(at('lines.tower'), `data lines {\n  events = lines("lines.txt")\n  ${named}\n}\n`);
    const lines = (out: string, more: Partial<TrainRequest>) => plain(out, { data: at('lines.tower'), ...more });
    await lines('lines', {});
    for (const more of [{}, { since: 3 }])
      expect(await diagnosticOf(lines('x', { from: at('lines'), ...more }))).toMatchObject({
        code: 'from-no-time',
        message: 'which events are new is not known: the `time` of `lines` counts the items of each line',
      });
    expect((await lines('lines2', { from: at('lines'), all: true })).status).toBe('epochs');
    writeFileSync(
      at('shares.tower'),
      block.replace('ratings.csv', 'two.csv').replace(split, 'by_time(validation: 25%, test: 25%)'),
    );
    expect(await diagnosticOf(day('x', 'day1', { data: at('shares.tower') }))).toMatchObject({
      code: 'held-out-trained',
      message: expect.stringContaining('99 events that are earlier than 1399'),
    });
  });
});
