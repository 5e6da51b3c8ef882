/** Every command on one small project, as a user goes through them. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { engineNames } from '../../../src/engines/engine.ts';
import { listEngines } from '../../../src/engines/engines.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { data, model, ratings, writeProject } from './project.ts';
import { type Done, tower } from './tower.ts';

const root = temporaryFolder();
const here = { cwd: root };
const run = join(root, 'run');
let trained: Done;

beforeAll(async () => {
  writeProject(root);
  trained = await tower(
    ['train', 'films.tower', '--data', 'data.tower', '--out', 'run', '--engine', 'onnx', '--json'],
    here,
  );
});

/** Standard output holds one JSON text and nothing else, and the command ended well. */
async function json(...args: readonly string[]) {
  const done = await tower([...args, '--json'], here);
  expect(done.code, done.stderr).toBe(0);
  return JSON.parse(done.stdout);
}

/** The first diagnostic of a command that the user's input made fail. */
async function refused(...args: readonly string[]): Promise<{ code: string; message: string; hint: string | null }> {
  const done = await tower([...args, '--json'], here);
  expect(done.code, done.stderr).toBe(1);
  return JSON.parse(done.stdout)[0];
}

describe('check', () => {
  it('says that a model has no errors', async () => {
    expect(await tower(['check', 'films.tower', '--data', 'data.tower'], here)).toEqual({
      code: 0,
      stdout: 'films.tower: no errors\n',
      stderr: '',
    });
  });

  it('shows mistakes on stderr, or as JSON on stdout, and exits with 1', async () => {
    writeFileSync(join(root, 'wrong.tower'), model.replace('mlp(16, width) }', 'mpl(16, width) }'));
    const [shown, listed] = await Promise.all([
      tower(['check', 'wrong.tower'], here),
      tower(['check', 'wrong.tower', '--json'], here),
    ]);
    expect(shown.code).toBe(1);
    expect(shown.stdout).toBe('');
    expect(shown.stderr).toMatch(/^wrong\.tower:13:\d+: error: .*`mpl`/);
    expect(shown.stderr).toContain('did you mean `mlp`?');
    expect([listed.code, listed.stderr]).toEqual([1, '']);
    expect(JSON.parse(listed.stdout)).toMatchObject([
      { code: 'unknown-kind', severity: 'error', file: 'wrong.tower', line: 13, hint: 'did you mean `mlp`?' },
    ]);
  });
});

describe('train', () => {
  it('answers with the run as JSON alone; progress, data and engine are on stderr', () => {
    expect(trained.code, trained.stderr).toBe(0);
    const answer = JSON.parse(trained.stdout);
    expect(answer).toMatchObject({ status: 'epochs', folder: 'run', training: { epochs: 2, rows: 480 } });
    expect(answer.epochs).toHaveLength(2);
    expect(trained.stderr).toMatch(/^engine: onnx, ONNX Runtime /m);
    expect(trained.stderr).toContain('data: 480 training, 60 validation and 60 test events; 40 items');
    expect(trained.stderr).toMatch(/^epoch 2: loss \d/m);
  });

  it('takes `--seed`, the same as `--set seed=`, and prints it', async () => {
    const into = (out: string, ...args: string[]) =>
      tower(['train', 'films.tower', '--data', 'data.tower', '--out', out, '--engine', 'onnx', ...args], here);
    const [short, long] = await Promise.all([into('seed5', '--seed', '5'), into('set5', '--set', 'seed=5')]);
    expect([short.code, long.code], short.stderr + long.stderr).toEqual([0, 0]);
    expect(trained.stderr).toMatch(/^seed: 1$/m);
    for (const { stderr } of [short, long]) expect(stderr).toMatch(/^seed: 5$/m);
    const manifest = (folder: string) => JSON.parse(readFileSync(join(root, folder, 'manifest.json'), 'utf8'));
    const [bySeed, bySet] = [manifest('seed5'), manifest('set5')];
    expect(bySeed).toMatchObject({ seed: 5, settings: { seed: '5' } });
    // The log of metrics holds times.
    const files = ({ files: { 'metrics.jsonl': _, ...same } }: { files: Record<string, unknown> }) => same;
    expect(files(bySeed)).toEqual(files(bySet));
  });

  it('refuses a folder that holds another run before it writes anything there', async () => {
    // Every row of this data would be reported in the folder as bad.
    mkdirSync(join(root, 'bad'), { recursive: true });
    writeFileSync(join(root, 'bad/ratings.csv'), 'user_id,movie_id,seen_at\n,m1,1\nu1,,2\n');
    writeFileSync(join(root, 'bad/data.tower'), data.replace('  items  = "films.csv" by movie_id\n', ''));
    const before = contents(run);
    const into = ['train', 'films.tower', '--data', 'bad/data.tower', '--out', 'run', '--engine', 'onnx'];
    const { code, message, hint } = await refused(...into);
    expect([code, message]).toEqual(['folder-in-use', 'run already contains a run of model films']);
    expect(hint).toContain('--force');
    expect(await refused(...into, '--resume', '--set', 'width=16')).toMatchObject({ code: 'other-run' });
    expect(contents(run)).toEqual(before);
  });

  it('refuses a folder that cannot be written, and one with nothing to resume', async () => {
    const into = (...out: string[]) => refused('train', 'films.tower', '--data', 'data.tower', ...out);
    expect(await into('--out', 'ratings.csv/run', '--engine', 'onnx')).toMatchObject({ code: 'cannot-read' });
    expect(await into('--out', 'nothing', '--resume')).toMatchObject({ code: 'nothing-to-resume' });
    expect(existsSync(join(root, 'nothing'))).toBe(false);
  });

  it('foresees that tables do not fit into memory: the bytes, before the folder is made', async () => {
    writeFileSync(
      join(root, 'huge.tower'),
      model.replace('user_id  : id(dim: 8)', 'user_id : id(hash: 3_000_000_000)'),
    );
    const { code, message } = await refused(
      ...['train', 'huge.tower', '--data', 'data.tower', '--out', 'huge', '--engine', 'onnx'],
    );
    expect(code).toBe('too-large-for-memory');
    expect(message).toMatch(/training needs [\d,]{15,} bytes .* user_id 3,000,000,000 × \d+/);
    expect(existsSync(join(root, 'huge'))).toBe(false);
  });

  it.each([
    ['the width of a feature', 'user_id  : id(dim: 8)', 'user_id : id(dim: 100_000_000)'],
    ['the width of a block', 'mlp(16, width)', 'mlp(300_000_000, width)'],
  ])('foresees that the values of a step do not fit: %s', async (what, given, wide) => {
    const name = what.replaceAll(' ', '-');
    writeFileSync(join(root, `${name}.tower`), model.replace(given, wide));
    const { code, message } = await refused(
      ...['train', `${name}.tower`, '--data', 'data.tower', '--out', name, '--engine', 'onnx'],
    );
    expect(code).toBe('too-large-for-memory');
    expect(message).toMatch(/ a step of 64 rows: [\d,]{14,} bytes/);
    expect(existsSync(join(root, name))).toBe(false);
  });

  it('names each bad row, and trains on the others', async () => {
    const lines = ratings().split('\n');
    lines[2] = 'u1,m2';
    lines[4] = ',m3,1004';
    lines[6] = 'u5,m1,soon';
    lines[8] = 'u7,m1,NaN';
    lines[10] = '"u\n9",m1,1010';
    mkdirSync(join(root, 'mixed'), { recursive: true });
    writeFileSync(join(root, 'mixed/ratings.csv'), `\uFEFF${lines.join('\n')}`);
    writeFileSync(join(root, 'mixed/films.csv'), readFileSync(join(root, 'films.csv')));
    writeFileSync(join(root, 'mixed/data.tower'), data.replace('  time ', '  reject = 5%\n  time '));
    const done = await tower(
      ['train', 'films.tower', '--data', 'mixed/data.tower', '--out', 'mixed/run', '--engine', 'onnx', '--json'],
      here,
    );
    expect(done.code, done.stderr).toBe(0);
    expect(done.stderr).toContain('excluded: 4 invalid rows; mixed/run/rejected.jsonl has the reason of each');
    const rejected = readFileSync(join(root, 'mixed/run/rejected.jsonl'), 'utf8').trim().split('\n');
    expect(rejected.map((line) => JSON.parse(line)).map(({ file, line, column }) => [file, line, column])).toEqual([
      ['ratings.csv', 3, 'seen_at'],
      ['ratings.csv', 5, 'user_id'],
      ['ratings.csv', 7, 'seen_at'],
      ['ratings.csv', 9, 'time'],
    ]);
  });

  it('stops at data that it cannot use', async () => {
    const blocks = {
      missing: data.replace('ratings.csv', 'rating.csv'),
      empty: data.replace('ratings.csv', 'nothing.csv'),
      noise: data.replace('ratings.csv', 'noise.csv'),
      split: data.replace('split   = by_time(validation: 10%, test: 10%)', 'split = column("fold")'),
    };
    writeFileSync(join(root, 'nothing.csv'), '');
    writeFileSync(join(root, 'noise.csv'), noise(1 << 20));
    writeFileSync(
      join(root, 'folds.csv'),
      ratings().replace('seen_at', 'seen_at,fold').replaceAll(/(\d)$/gm, '$1,train'),
    );
    const said: Record<string, string> = {};
    for (const [name, block] of Object.entries(blocks)) {
      const text = name === 'split' ? block.replace('ratings.csv', 'folds.csv') : block;
      writeFileSync(join(root, `${name}.tower`), text);
      const { code, message, hint } = await refused(
        ...['train', 'films.tower', '--data', `${name}.tower`, '--out', 'never', '--engine', 'onnx'],
      );
      said[name] = `${code}: ${message}${hint === null ? '' : ` (${hint})`}`;
    }
    expect(said).toEqual({
      missing: expect.stringMatching(/^data-file-missing: .*did you mean `ratings\.csv`/),
      empty: expect.stringMatching(/^data-file-damaged: .*it is empty/),
      noise: expect.stringMatching(/^data-file-|^unfed-column/),
      split: expect.stringMatching(/^empty-split: the validation part is empty/),
    });
    expect(existsSync(join(root, 'never'))).toBe(false);
  });
});

describe('a trained model', () => {
  it('is evaluated together with the baselines', async () => {
    const { rows, metrics, protocol } = await json('evaluate', 'run', '--engine', 'onnx');
    expect(rows.map(({ name }: { name: string }) => name)).toEqual([
      'films',
      'random',
      'popularity',
      'item_cf',
      'item_knn',
      'rp3beta',
      'ease',
      'slim',
      'ials',
    ]);
    expect(metrics).toContain('recall@10');
    expect(protocol.length).toBeGreaterThan(2);
  });

  it('is evaluated together with baselines by name, and a wrong name is refused', async () => {
    const { rows, protocol } = await json('evaluate', 'run', '--engine', 'onnx', '--baselines', 'ease, popularity');
    expect(rows.map(({ name }: { name: string }) => name)).toEqual(['films', 'popularity', 'ease']);
    expect(protocol.join('\n')).toMatch(/ease: λ = \d+, chosen out of 6 by ndcg@10 on \d+ validation events(; .*)?\./);
    const some = await json('evaluate', 'run', '--engine', 'onnx', '--no-baselines', '--sample', '7');
    expect(some.sample).toEqual({ rankings: 7, of: expect.any(Number), per: 'event' });
    expect(some.protocol.join('\n')).toMatch(/These are 7 of the \d+ test events, drawn at random/);
    const none = await tower(['evaluate', run, '--engine', 'onnx', '--sample', '0']);
    expect(none.stderr).toMatch(/--sample <count>.*It must be a whole number from 1/);
    const refused = await tower(['evaluate', run, '--engine', 'onnx', '--baselines', 'eaze']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/there is no baseline called `eaze`[\s\S]*did you mean `ease`/);
  });

  it('is evaluated from any folder: it knows where its data lies', async () => {
    const done = await tower(['evaluate', run, '--engine', 'onnx', '--no-baselines']);
    expect(done.code, done.stderr).toBe(0);
    expect(done.stdout).toMatch(/^films +0\.\d{4} /m);
    expect(done.stderr).toMatch(/^engine: onnx, /);
  });

  it('answers a user with titles and their history', async () => {
    const { items, history, notes } = await json('recommend', 'run', '--user', 'u3', '-k', '4', '--engine', 'onnx');
    expect(items).toHaveLength(4);
    expect(items[0].title).toMatch(/^Film \d+, the/);
    expect(history.length).toBeGreaterThan(0);
    expect(notes).toHaveLength(1);
  });

  it('answers values of features, with a key and without, and says what it was asked to keep', async () => {
    const ask = (...args: string[]) => json('recommend', 'run', '-k', '40', '--engine', 'onnx', ...args);
    const history = '["m1","m2"]';
    const anybody = await ask('--with', `history=${history}`);
    expect(anybody.items.map(({ key }: { key: string }) => key)).not.toContain('m2');
    expect(anybody.notes).toEqual(['2 items are excluded, because the query has had them.']);
    const kept = await ask('--keep-seen', '--with', `history=${history}`);
    expect(kept.items).toHaveLength(40);
    const known = await ask('--keep-seen', '--user', 'u3');
    const other = await ask('--keep-seen', '--user', 'u3', '--with', `history=${history}`);
    expect(other.items).not.toEqual(known.items);
    const { protocol } = await json('evaluate', 'run', '--engine', 'onnx', '--no-baselines', '--keep-seen');
    expect(protocol).toContain(
      'The ranking of an event keeps items that the user had before, as requested; the data block says `seen = excluded`.',
    );
  });

  it('answers a user it does not know from the unseen row, and says so', async () => {
    const done = await tower(['recommend', 'run', '--user', 'nobody', '--engine', 'onnx'], here);
    expect(done.code, done.stderr).toBe(0);
    expect(done.stdout).toMatch(/^· user nobody is not in the data: this is the answer for an unseen user/);
    expect(done.stdout.match(/^ +\d+ {2}-?\d\.\d{3} {2}Film /gm)).toHaveLength(10);
  });

  it('is exported, and not over other files', async () => {
    const { files, serving } = await json('export', 'run', '--out', 'exported');
    expect(serving.model).toBe('films');
    expect(files).toContain('user/model.onnx');
    expect(await refused('export', 'run', '--out', 'exported')).toMatchObject({ code: 'folder-in-use' });
  });

  it('takes a step again, and writes all that was in it', async () => {
    const { files, taken } = await json('inspect', 'run', '--step', '2', '--out', 'step-2');
    expect(files).toEqual(['before.safetensors', 'after.safetensors', 'tensors.safetensors', 'step.json']);
    expect(taken).toMatchObject({ epoch: 1, stepOfEpoch: 2, agrees: true });
    expect(taken.events[0]).toMatchObject({ user: expect.any(String), item: expect.any(String) });
    expect(await refused('inspect', 'run', '--step', '2', '--out', 'step-2')).toMatchObject({ code: 'folder-in-use' });
    expect(await refused('inspect', 'run', '--step', '99999')).toMatchObject({ code: 'step-not-taken' });
  });

  it('shows its manifest, and no stage of the compiler', async () => {
    expect(await json('inspect', 'run')).toMatchObject({ format: 'tower-model-2', training: { status: 'epochs' } });
    expect(await refused('inspect', 'run', '--graph')).toMatchObject({ code: 'stage-of-run' });
  });
});

describe('compile', () => {
  it('graphs are written, and not over other files', async () => {
    const { files } = await json('compile', 'films.tower', '--out', 'built');
    for (const file of files) expect(existsSync(join(root, 'built', file)), file).toBe(true);
    expect(files).toEqual(
      expect.arrayContaining(['step/model.json', 'step/model.py', 'user/model.json', 'item/graph.txt', 'plan.json']),
    );
    expect(await refused('compile', 'films.tower', '--out', 'built')).toMatchObject({ code: 'folder-not-empty' });
  });
});

describe('a `.tower` file', () => {
  it.each([
    ['of nothing', 'empty-file', Buffer.alloc(0)],
    ['of a megabyte of random bytes', 'not-text', noise(1 << 20)],
  ])('%s is answered with what is wrong', async (_, code, bytes) => {
    writeFileSync(join(root, 'bytes.tower'), bytes);
    expect((await refused('check', 'bytes.tower')).code).toBe(code);
    expect((await refused('train', 'bytes.tower', '--data', 'data.tower', '--out', 'never')).code).toBe(code);
  });

  it('that is not there, or is a folder, is said', async () => {
    expect(await refused('check', 'none.tower')).toMatchObject({
      code: 'cannot-read',
      message: 'cannot read none.tower: there is no such file',
    });
    expect(await refused('compile', '.', '--out', 'never')).toMatchObject({ message: 'cannot read .: it is a folder' });
    expect(await refused('evaluate', 'none')).toMatchObject({ code: 'not-a-run' });
  });
});

describe('engines', () => {
  const hidden = { cwd: root, env: { TOWER_CACHE: join(root, 'empty-cache') } };

  it('are listed with their version, or why they do not load', async () => {
    const listed = await listEngines();
    expect(await json('engines')).toEqual(listed.map((engine) => ({ ...engine })));
    const { code, stdout } = await tower(['engines'], hidden);
    expect(code).toBe(0);
    expect(stdout.split('\n').map((line) => line.split(' ')[0])).toEqual(['engine', ...engineNames, '']);
  });

  it('one that is asked for and does not load is named with the reason', async ({ skip }) => {
    const { stdout } = await tower(['engines', '--json'], hidden);
    const first = JSON.parse(stdout)[0];
    skip(first.loads, 'npm itself installed the native library: it cannot be hidden');
    expect(first.reason).toContain('`tower engines --setup` builds it');
    const asked = await tower(['evaluate', 'run', '--engine', 'tensorflow'], hidden);
    expect(asked.code).toBe(1);
    expect(asked.stderr).toContain(`the \`tensorflow\` engine does not load: ${first.reason}`);
    const chosen = await tower(['recommend', 'run', '--user', 'u1'], hidden);
    expect(chosen.stderr).toMatch(/^engine tensorflow does not load: .*\nengine: onnx, /);
  });

  it.each(engineNames)('%s runs what it is asked to', async (engine) => {
    const loads = (await listEngines()).find(({ name }) => name === engine)!.loads;
    const done = await tower(['recommend', 'run', '--user', 'u1', '--engine', engine], here);
    expect(done.code).toBe(loads ? 0 : 1);
    if (loads) expect(done.stderr).toMatch(new RegExp(`^engine: ${engine}, `, 'm'));
    else expect(done.stderr).toContain(`the \`${engine}\` engine does not load`);
  });
});

/** Path → bytes, of a whole folder. */
function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map(({ parentPath, name }) => [join(parentPath, name), readFileSync(join(parentPath, name), 'base64')]),
  );
}

/** The same bytes each time, in no order. */
function noise(bytes: number): Buffer {
  let state = 7;
  return Buffer.from(
    Uint8Array.from({ length: bytes }, () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 16) & 255;
    }),
  );
}
