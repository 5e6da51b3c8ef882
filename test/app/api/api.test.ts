import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { check, compile, evaluate, exportTowers, load, recommend, train } from '../../../src/api.ts';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { data, model, ratings, writeProject } from '../cli/project.ts';

const root = temporaryFolder();
const at = (name: string) => join(root, name);
const files = { model: at('films.tower'), data: at('data.tower') };
beforeAll(async () => {
  writeProject(root);
  await train(files.model, { data: files.data, out: at('run'), engine: 'onnx', set: { epochs: 1, width: 4 } });
});

async function codeOf(work: Promise<unknown>): Promise<string> {
  const problem = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(problem).toBeInstanceOf(Failure);
  return (problem as Failure).diagnostics[0]!.code;
}

describe('check', () => {
  it('answers with mistakes instead of throwing them, those of the data too', async () => {
    writeFileSync(at('other.tower'), data.replace('time    = "seen_at"', 'time    = "sen_at"'));
    writeFileSync(at('wrong.tower'), model.replace('temperature', 'temprature'));
    const wrong = await check(at('wrong.tower'));
    expect(wrong.diagnostics.map(({ code }) => code)).toEqual(['unknown-argument']);
    expect(wrong.text).toContain('did you mean `temperature`?');
    const { diagnostics } = await check(files.model, { data: at('other.tower') });
    expect(diagnostics.map(({ code, hint }) => [code, hint])).toEqual([['sql-fails', 'did you mean `seen_at`?']]);
  });

  it('warns of data that gives answers away, or too little, unless a comment silences it', async () => {
    const short = data.replace('past(movie_id, 5)', 'past(movie_id, 3)');
    const leaky = short.replace('time ', 'columns { ahead = "lead(seen_at) OVER (ORDER BY seen_at)" }\n  time ');
    const reads = model
      .replace('features {', 'features {\n  ahead    : number(standardize, dim: 4)')
      .replace('user_id, history', 'user_id, history, ahead');
    writeFileSync(at('reads.tower'), reads);
    writeFileSync(at('leaky.tower'), leaky);
    const { diagnostics } = await check(at('reads.tower'), { data: at('leaky.tower') });
    expect(diagnostics.map(({ code, severity }) => [code, severity])).toEqual([
      ['reads-held-out', 'warning'],
      ['history-too-short', 'warning'],
    ]);
    const silenced = leaky
      .replace('  columns', '  // tower-ignore reads-held-out: a test\n  columns')
      .replace('  history', '  // tower-ignore history-too-short: a test\n  history');
    writeFileSync(at('leaky.tower'), silenced);
    expect((await check(at('reads.tower'), { data: at('leaky.tower') })).diagnostics).toEqual([]);
    // In one file with its model such a comment is no mistake, although the model alone has no such warning.
    writeFileSync(at('whole.tower'), `${reads}\n${silenced}`);
    expect((await check(at('whole.tower'))).diagnostics).toEqual([]);
    // Without the number of places there is nothing to compare.
    writeFileSync(at('usual.tower'), model.replace('max: 5, ', ''));
    writeFileSync(at('short.tower'), short);
    expect((await check(at('usual.tower'), { data: at('short.tower') })).diagnostics).toEqual([]);
  });

  it('of a data file without a block, or that is not there, is a failure', async () => {
    expect(await codeOf(check(files.model, { data: files.model }))).toBe('no-data-block');
    expect(await codeOf(check(files.model, { data: at('none.tower') }))).toBe('cannot-read');
  });

  it('says before any row is read that sequences of positions need an order of time', async () => {
    writeFileSync(at('lines.txt'), 'ada x y z\nbob y z\n');
    writeFileSync(at('held.txt'), 'bob x\n');
    writeFileSync(
      at('lines.tower'),
      `data lines {
  events = lines("lines.txt")
  columns {
    user_id  = "events.user"
    movie_id = "item"
  }
  history = others(movie_id, 9)
  split   = files(test: "held.txt")
}`,
    );
    const { diagnostics } = await check('models/sasrec.tower', { data: at('lines.tower') });
    expect(diagnostics.map(({ code, message }) => [code, message])).toEqual([
      [
        'data-needs',
        '`history history = others(movie_id, 9)` needs the order of time for `targets = positions`: history = past(movie_id, 9)',
      ],
    ]);
    const unordered = await check('models/sasrec.tower', { data: at('lines.tower'), set: { targets: 'events' } });
    expect(unordered.text).toContain(
      'needs the order of time for `positions`: history = past(movie_id, 9) [data-needs]',
    );
    expect(unordered.text).toContain('here `positions` reads the order of `history`');
  });

  it('uses the data block that the model itself uses', async () => {
    writeFileSync(at('whole.tower'), `use "data.tower"\n${model}`);
    const checked = await check(at('whole.tower'));
    expect(checked.text).toBe('');
    expect(checked.data!.description.events.path).toBe('ratings.csv');
    const { status } = await train(at('whole.tower'), { out: at('whole'), engine: 'onnx', set: { epochs: 1 } });
    expect(status).toBe('epochs');
  });
});

describe('train', () => {
  it('rejects with the reason of a signal that comes while rows are read', async () => {
    const controller = new AbortController();
    const work = train(files.model, { data: files.data, out: at('never'), engine: 'onnx', signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(work).rejects.toThrow('enough');
    expect(existsSync(at('never'))).toBe(false);
  });

  it('keeps what the model was made of, settings too', async () => {
    const { trained } = await load(at('run'));
    expect(trained.manifest.settings).toEqual({ epochs: '1', width: '4' });
    expect(trained.plan.train.epochs).toBe(1);
  });

  it('without data says how to name it', async () => {
    expect(await codeOf(train(files.model, { out: at('never') }))).toBe('data-missing');
  });
});

describe('a loaded model', () => {
  it('answers many questions, of another data file too, and is closed', async () => {
    writeFileSync(at('copy.csv'), ratings());
    writeFileSync(at('copy.tower'), data.replace('ratings.csv', 'copy.csv'));
    const run = await load(at('run'), { data: at('copy.tower'), engine: 'onnx' });
    const [first, again, unknown] = [
      await recommend(run, { user: 'u1', k: 3 }),
      await recommend(run, { user: 'u1', k: 40, removeSeen: false }),
      await recommend(run, { user: 'nobody' }),
    ];
    expect(first.items).toHaveLength(3);
    const seen = new Set(first.history.map(({ key }) => key));
    expect(first.items.filter(({ key }) => seen.has(key))).toEqual([]);
    expect(again.items.filter(({ key }) => seen.has(key))).toHaveLength(seen.size);
    expect(unknown).toMatchObject({ history: [], notes: [expect.stringContaining('not in the data')] });
    const { metrics, rows } = await evaluate(run, { baselines: false, part: 'validation' });
    expect(rows).toHaveLength(1);
    expect(rows[0]!.all[metrics[0]!]).toBeGreaterThan(0);
    await run.close();
  });

  it('encodes other data that is named as its own, and says what it may have been trained on', async () => {
    writeFileSync(at('less.csv'), ratings().split('\n').slice(0, 300).join('\n'));
    writeFileSync(at('less.tower'), data.replace('ratings.csv', 'less.csv'));
    const run = await load(at('run'), { data: at('less.tower'), engine: 'onnx' });
    await evaluate(run, { baselines: false });
    expect((await run.dataset()).encodings).toEqual(run.trained.encodings);
    expect(await run.notes()).toEqual([
      'The data differs from the data of the training: it has 301 fewer events.',
      expect.stringContaining('60 held-out events are earlier than 1479'),
    ]);
  });

  it('is exported; a folder with other files is refused', async () => {
    const run = await load(at('run'));
    const { files } = await exportTowers(run, { out: at('exported') });
    expect(files).toContain('serving.json');
    expect(await codeOf(exportTowers(run, { out: at('exported') }))).toBe('folder-in-use');
  });
});

describe('compile', () => {
  it('writes what it says, into an empty folder', async () => {
    const { plan, files: written } = await compile(files.model, { out: at('built'), set: { width: 4 } });
    expect(plan.model).toBe('films');
    for (const file of written) expect(existsSync(join(at('built'), file)), file).toBe(true);
    expect(readFileSync(join(at('built'), 'user/graph.txt'), 'utf8')).toContain('float32[16, 4]');
    expect(await codeOf(compile(files.model, { out: at('built') }))).toBe('folder-not-empty');
  });

  it('into a folder that cannot be made is refused as the others refuse it', async () => {
    expect(await codeOf(compile(files.model, { out: join(files.model, 'within') }))).toBe('cannot-write');
  });
});
