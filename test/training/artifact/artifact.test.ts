import { cpSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { type LoadedModel, load } from '../../../src/training/artifact/load.ts';
import { schemaError } from '../../../src/training/artifact/validate.ts';
import { makePlan } from '../fixture_plan.ts';
import { temporaryFolder } from '../temporary_folder.ts';
import { dataset, trainSmall } from '../trained.ts';

const root = temporaryFolder();
let trained: LoadedModel;

beforeAll(async () => {
  trained = await trainSmall(root);
});

/** A copy of the model's folder. */
const copy = (name: string): string => {
  const folder = join(root, name);
  cpSync(trained.folder, folder, { recursive: true });
  return folder;
};
const failureOf = async (folder: string) => {
  const error = await load(folder).then(
    () => undefined,
    (each: unknown) => each,
  );
  expect(error).toBeInstanceOf(Failure);
  return (error as Failure).diagnostics[0]!;
};

describe('a trained model', () => {
  it('gives back the plan, encodings and weights', () => {
    expect(trained.plan).toEqual(makePlan({ epochs: 2, batch: 32 }));
    expect(trained.encodings).toEqual(dataset.encodings);
    expect([...trained.tables.keys()].sort()).toEqual(['genres', 'movie_id', 'user_id']);
    expect(Object.keys(trained.parameters).sort()).toEqual([
      'item/b0',
      'item/w0',
      'item/w1',
      'user/b0',
      'user/w0',
      'user/w1',
    ]);
    const { rows, dim } = trained.tables.get('user_id')!;
    expect([rows, dim]).toEqual([13, 8]);
  });

  it('says what it was made of', () => {
    expect(trained.manifest).toMatchObject({
      format: 'tower-model-2',
      tower: '0.0.0',
      engine: { name: 'javascript', version: 'plain arrays' },
      seed: 1,
      training: { status: 'epochs', epochs: 2, steps: 8, rows: 120 },
      data: {
        file: 'models/data/made_up.tower',
        source: 'sources/made_up.tower',
        protocol: dataset.protocol,
        train: 120,
        validation: 12,
        test: 12,
        items: 24,
        users: 12,
        rejected: 0,
      },
      // Two files of one name, from two folders.
      sources: ['sources/fixture.tower', 'sources/fixture-2.tower'],
      settings: { width: '8' },
    });
    expect(readFileSync(join(trained.folder, 'sources/fixture-2.tower'), 'utf8')).toBe('features {}');
  });

  it('is refused with the name of the file in which any byte changed', async () => {
    const folder = copy('changed');
    for (const file of ['manifest.json', ...Object.keys(trained.manifest.files)]) {
      const path = join(folder, file);
      const whole = readFileSync(path);
      for (const at of [0, Math.floor(whole.length / 2), whole.length - 1]) {
        const changed = Buffer.from(whole);
        changed[at]! ^= 1;
        writeFileSync(path, changed);
        const { message } = await failureOf(folder);
        expect(message).toContain(path);
      }
      writeFileSync(path, whole);
    }
    await load(folder);
  });

  it('is refused with the name of the file that is missing, cut or longer', async () => {
    const folder = copy('missing');
    for (const file of Object.keys(trained.manifest.files)) {
      const path = join(folder, file);
      const whole = readFileSync(path);
      rmSync(path);
      expect(await failureOf(folder)).toMatchObject({
        code: 'lost-file',
        message: `${file} is missing from ${folder}`,
      });
      writeFileSync(path, whole.subarray(0, whole.length - 1));
      expect(await failureOf(folder)).toMatchObject({ code: 'changed-file' });
      writeFileSync(path, Buffer.concat([whole, Buffer.of(0)]));
      expect(await failureOf(folder)).toMatchObject({ code: 'changed-file' });
      writeFileSync(path, whole);
    }
    rmSync(join(folder, 'manifest.json'));
    expect((await failureOf(folder)).code).toBe('unfinished-run');
    rmSync(join(folder, 'run.json'));
    expect((await failureOf(folder)).code).toBe('not-a-run');
    expect((await failureOf(join(root, 'nowhere'))).code).toBe('not-a-run');
  });

  it('has a checksum for every file but the manifest', () => {
    for (const [file, { bytes }] of Object.entries(trained.manifest.files)) {
      expect(statSync(join(trained.folder, file)).size).toBe(bytes);
    }
    expect(Object.keys(trained.manifest.files)).toEqual([
      'encodings/genres.json',
      'encodings/movie_id.json',
      'encodings/user_id.json',
      'encodings/year.json',
      'graphs/item.json',
      'graphs/step.json',
      'graphs/user.json',
      'metrics.jsonl',
      'run.json',
      'sources/fixture-2.tower',
      'sources/fixture.tower',
      'sources/made_up.tower',
      'steps.jsonl',
      'weights.safetensors',
    ]);
  });
});

describe('the schemas', () => {
  it.each([
    ['a field too many', { extra: 1 }],
    ['a path out of the folder', { weights: '../weights.safetensors' }],
    ['an absolute path', { weights: '/weights.safetensors' }],
    ['a dot in a path', { weights: 'graphs/./step.json' }],
    ['a checksum that is none', { checksum: 'abc' }],
    ['half an epoch', { training: { status: 'epochs', epochs: 1.5, steps: 1, rows: 1 } }],
    ['another format', { format: 'tower-model-1' }],
    ['one tower', { plan: { ...({} as object), towers: [] } }],
  ])('refuse a manifest with %s', async (_, change) => {
    expect(await schemaError('manifest', trained.manifest)).toBeUndefined();
    expect(await schemaError('manifest', { ...trained.manifest, ...change })).toBeTypeOf('string');
  });

  it.each([
    [{ kind: 'vocabulary', values: ['a'] }, true],
    [{ kind: 'hash', buckets: 3 }, true],
    [{ kind: 'boundaries', boundaries: [1, 2], log: false }, true],
    [{ kind: 'standardize', mean: 0, deviation: 1, log: true }, true],
    [{ kind: 'number', log: false }, true],
    [{ kind: 'vector', size: 3 }, true],
    [{ kind: 'words', buckets: 3 }, true],
    [{ kind: 'trigrams', buckets: 3 }, true],
    [{ kind: 'hash', buckets: 0 }, false],
    [{ kind: 'vocabulary', values: [1] }, false],
    [{ kind: 'vocabulary', values: [], more: 1 }, false],
    [{ kind: 'unheard' }, false],
  ])('take the encoding %j: %s', async (encoding, fits) => {
    expect((await schemaError('encoding', encoding)) === undefined).toBe(fits);
  });
});
