/** Run folders as an attacker leaves them, every checksum made anew: each is refused by a code, or can be used. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { makeRandom, type Random } from '../../../src/base/random/random.ts';
import { readSafetensors, writeSafetensors } from '../../../src/base/storage/safetensors.ts';
import type { StoredTensor } from '../../../src/base/storage/tensor_header.ts';
import { makeRecommender } from '../../../src/serving/live/recommender.ts';
import { type LoadedModel, load } from '../../../src/training/artifact/load.ts';
import { exportModel } from '../../../src/training/export/export_towers.ts';
import { plainEngine } from '../plain_engine.ts';
import { temporaryFolder } from '../temporary_folder.ts';
import { dataset, trainSmall } from '../trained.ts';

const root = temporaryFolder();
let trained: LoadedModel;
beforeAll(async () => {
  trained = await trainSmall(root);
});

let copies = 0;
const copy = (): string => {
  const folder = join(root, `copy-${copies++}`);
  cpSync(trained.folder, folder, { recursive: true });
  return folder;
};

// biome-ignore lint/suspicious/noExplicitAny: JSON that is no longer what its type says
type Loose = any;
type Json = Record<string, Loose>;
const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Writes the manifest with the checksums of the files as they are now. */
function seal(folder: string, manifest: Json, text = true): void {
  for (const path of Object.keys(manifest.files ?? {})) {
    try {
      const bytes = readFileSync(join(folder, path));
      manifest.files[path] = { sha256: sha256(bytes), bytes: bytes.length };
    } catch {
      // Not a file any more, or no object any more.
    }
  }
  if (text) manifest.checksum = '0'.repeat(64);
  const body = `${JSON.stringify(manifest, null, 2)}\n`;
  writeFileSync(join(folder, 'manifest.json'), text ? body.replace('0'.repeat(64), sha256(body)) : body);
}

const manifestOf = (folder: string): Json => JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));

async function use(folder: string): Promise<void> {
  const run = await load(folder);
  await exportModel(run, { folder: join(folder, 'exported'), tower: '0.0.0', force: true });
  const recommender = await makeRecommender(run, dataset, plainEngine);
  await recommender.ask({ key: 'u1' }, { k: 3 });
  await recommender.close();
}

const outcome = async (folder: string): Promise<string> => {
  try {
    await use(folder);
    return 'used';
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const [{ code, message }] = error.diagnostics as unknown as [{ code: string; message: string }];
    return `${code}: ${message.replaceAll(folder, '')}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Changes the tensors of the weights, and seals the folder. */
async function withWeights(change: (tensors: Map<string, StoredTensor>) => void): Promise<string> {
  const folder = copy();
  const path = join(folder, 'weights.safetensors');
  const tensors = new Map((await readSafetensors(path)).tensors);
  change(tensors);
  const pieces: Uint8Array[] = [];
  await writeSafetensors({ write: async (bytes) => void pieces.push(bytes.slice()) }, [...tensors.values()]);
  writeFileSync(path, Buffer.concat(pieces));
  seal(folder, manifestOf(folder));
  return folder;
}

function withJson(path: string, change: (value: Loose) => unknown): string {
  const folder = copy();
  const value = JSON.parse(readFileSync(join(folder, path), 'utf8'));
  const changed = change(value) ?? value;
  if (path === 'manifest.json') seal(folder, changed);
  else {
    writeFileSync(join(folder, path), JSON.stringify(changed));
    seal(folder, manifestOf(folder));
  }
  return folder;
}

describe('a sealed model that does not fit itself', () => {
  it('is refused with tables swapped, transposed, cut, missing or too many', async () => {
    const swap = await withWeights((all) => {
      const [a, b] = [all.get('table/movie_id')!, all.get('table/user_id')!];
      all.set('table/movie_id', { ...b, name: 'table/movie_id' }).set('table/user_id', { ...a, name: 'table/user_id' });
    });
    expect(await outcome(swap)).toMatch(
      /damaged-file: .*weights.*`table\/user_id` is F32 \[23, 8\], and the model needs F32 \[13, 8\]/,
    );
    const turned = await withWeights((all) => {
      const { data, shape } = all.get('table/genres')!;
      all.set('table/genres', { name: 'table/genres', shape: [...shape].reverse(), data });
    });
    // Square tables look the same turned; this one is 4 × 4.
    expect(await outcome(turned)).toBe('used');
    const other = await withWeights((all) => {
      const { data } = all.get('table/user_id')!;
      all.set('table/user_id', { name: 'table/user_id', shape: [8, 13], data });
    });
    expect(await outcome(other)).toContain('`table/user_id` is F32 [8, 13]');
    expect(await outcome(await withWeights((all) => all.delete('parameter/user/b0')))).toContain(
      'it has no `parameter/user/b0`',
    );
    const more = await withWeights((all) => all.set('x', { name: 'x', shape: [1], data: new Float32Array(1) }));
    expect(await outcome(more)).toContain('it has `x`, which the model does not');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('is refused with %d among its weights', async (value) => {
    for (const name of ['table/movie_id', 'parameter/item/w1']) {
      const folder = await withWeights((all) => {
        all.get(name)!.data[2] = value;
      });
      expect(await outcome(folder)).toContain(`\`${name}\` holds ${value}`);
    }
  });

  it.each<[string, string, (value: Loose) => unknown, RegExp]>([
    [
      'a vocabulary that is cut',
      'encodings/movie_id.json',
      (each) => void each.values.pop(),
      /weights.*`table\/movie_id`/,
    ],
    [
      'a vocabulary with a value twice',
      'encodings/user_id.json',
      (each) => void (each.values[1] = each.values[0]),
      /user_id.json.*twice/,
    ],
    [
      'an encoding of another kind',
      'encodings/year.json',
      () => ({ kind: 'hash', buckets: 3 }),
      /`year` needs the encoding/,
    ],
    [
      'the graph of the other tower',
      'manifest.json',
      (each) => {
        const [user, item] = each.plan.towers;
        [user.embedded.graph, item.embedded.graph] = [item.embedded.graph, user.embedded.graph];
      },
      /graphs\/item.json is damaged/,
    ],
    [
      'a graph of another width',
      'graphs/user.json',
      (each) => void (each.nodes.at(-1).type.shape[1] = 9),
      /graphs\/user.json is damaged/,
    ],
    [
      'a graph that reads what comes later',
      'graphs/item.json',
      (each) => void (each.nodes.at(-1).inputs[0] = 10_000),
      /graphs\/item.json/,
    ],
    ['an unknown op', 'graphs/item.json', (each) => void (each.nodes.at(-1).op = 'constructor'), /there is no op/],
    ['another output', 'graphs/item.json', (each) => void (each.outputs[0].name = 'x'), /gives no vector/],
    [
      'another pooling',
      'manifest.json',
      (each) => void (each.plan.towers[0].embedded.inputs.at(-1).source.pool = 'none'),
      /pools/,
    ],
    ['a list without an end', 'manifest.json', (each) => void delete each.plan.features[1].max, /no largest length/],
    ['a table of another width', 'manifest.json', (each) => void (each.plan.tables[0].dim = 4), /does not fit feature/],
    [
      'an unknown metric',
      'manifest.json',
      (each) => void (each.plan.train.stop = { metric: 'toString', patience: 1 }),
      /no metric/,
    ],
    ['a path out of the folder', 'manifest.json', (each) => void (each.weights = '../../x'), /must match pattern/],
    ['an absolute path', 'manifest.json', (each) => void (each.sources = ['/etc/passwd']), /must match pattern/],
  ])('is refused with %s', async (_, path, change, reason) => {
    expect(await outcome(withJson(path, change))).toMatch(reason);
  });

  it('is refused with a header that claims ten gigabytes, before they are allocated', async () => {
    const folder = copy();
    const path = join(folder, 'weights.safetensors');
    const header = Buffer.from(
      JSON.stringify({ 'table/user_id': { dtype: 'F32', shape: [2_500_000_000], data_offsets: [0, 10_000_000_000] } }),
    );
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    writeFileSync(path, Buffer.concat([length, header]));
    seal(folder, manifestOf(folder));
    expect(await outcome(folder)).toContain('it is cut off');
  });

  it.each<[string, (path: string) => unknown, string]>([
    ['a named pipe', (path) => execFileSync('mkfifo', [path]), 'a named pipe'],
    ['a folder', (path) => mkdirSync(path), 'a folder'],
    ['a link', (path) => symlinkSync(`${path}.elsewhere`, path), 'a symbolic link'],
    ['a device', (path) => symlinkSync('/dev/zero', path), 'a symbolic link'],
  ])('is refused with %s in the place of any file', async (_, put, what) => {
    for (const name of [...Object.keys(trained.manifest.files), 'manifest.json']) {
      const folder = copy();
      renameSync(join(folder, name), join(folder, `${name}.elsewhere`));
      put(join(folder, name));
      expect(await outcome(folder)).toContain(`it is ${what}, not a regular file`);
    }
  });

  it('is refused with a socket, or a folder that is a link', async () => {
    const folder = copy();
    rmSync(join(folder, 'run.json'));
    const server = createServer().listen(join(folder, 'run.json'));
    await new Promise((resolve) => server.once('listening', resolve));
    expect(await outcome(folder)).toContain('it is a socket');
    server.close();
    const linked = copy();
    renameSync(join(linked, 'graphs'), join(linked, 'elsewhere'));
    symlinkSync('elsewhere', join(linked, 'graphs'));
    expect(await outcome(linked)).toContain('graphs is damaged: it is a symbolic link, not a folder');
  });
});

/** Replaces, removes or doubles one value somewhere in the JSON. */
function mutate(value: Loose, random: Random): Loose {
  const places: [Loose, string | number][] = [];
  const walk = (node: Loose): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const key of Array.isArray(node) ? node.keys() : Object.keys(node)) {
      places.push([node, key]);
      walk(node[key]);
    }
  };
  walk(value);
  if (places.length === 0) return value;
  const [node, key] = places[random.integer(places.length)]!;
  const [other, otherKey] = places[random.integer(places.length)]!;
  const odd: readonly unknown[] = [
    null,
    0,
    -1,
    1.5,
    1e308,
    2 ** 53,
    '',
    '../x',
    '__proto__',
    [],
    {},
    true,
    [[]],
    'user_id',
    'batch',
    1e9,
  ];
  const held = node[key];
  const ways = [
    () => void Object.assign(node, { [key]: odd[random.integer(odd.length)] }),
    () => void (Array.isArray(node) ? node.splice(key as number, 1) : delete node[key]),
    () => void (Array.isArray(node) ? node.push(held) : Object.assign(node, { [`${key}_2`]: node[key] })),
    () => {
      const [one, two] = [structuredClone(node[key]), structuredClone(other[otherKey])];
      node[key] = two;
      other[otherKey] = one;
    },
    () =>
      void (typeof node[key] === 'number'
        ? Object.assign(node, { [key]: node[key] + random.integer(5) - 2 })
        : Object.assign(node, { [key]: [node[key]] })),
  ];
  ways[random.integer(ways.length)]!();
  return value;
}

describe('any change to a sealed model', () => {
  const rounds = Number(process.env.TOWER_FUZZ ?? 60);
  it(`ends in a code or in an answer, ${rounds} times`, async () => {
    const names = [...Object.keys(trained.manifest.files), 'manifest.json', 'manifest.json', 'graphs/user.json'];
    const seen = new Map<string, number>();
    for (let round = 0; round < rounds; round++) {
      const random = makeRandom(11, round);
      const folder = copy();
      const name = names[random.integer(names.length)]!;
      const path = join(folder, name);
      let manifest = manifestOf(folder);
      const way = random.integer(name.endsWith('.json') ? 10 : 4);
      const bytes = readFileSync(path);
      if (way === 0 && bytes.length > 0) {
        bytes[random.integer(bytes.length)]! = random.integer(256);
        writeFileSync(path, bytes);
      } else if (way === 1) truncateSync(path, random.integer(bytes.length + 1));
      else if (way === 2) rmSync(path);
      else if (way === 3) writeFileSync(path, readFileSync(join(folder, names[random.integer(names.length)]!)));
      else {
        let value = JSON.parse(bytes.toString());
        for (let times = 0; times <= random.integer(3); times++) value = mutate(value, random);
        if (name === 'manifest.json') manifest = value;
        else writeFileSync(path, JSON.stringify(value));
      }
      if (name !== 'manifest.json' || way > 3) {
        if (typeof manifest === 'object' && manifest !== null) seal(folder, manifest);
      }
      const end = await outcome(folder).catch((error: Error) => {
        throw new Error(`round ${round}, ${name}, way ${way}: ${error.stack}`);
      });
      const [code] = end.split(':');
      seen.set(code!, (seen.get(code!) ?? 0) + 1);
    }
    expect([...seen.keys()]).toContain('damaged-file');
    if (rounds > 500) console.log(seen);
  }, 3_600_000);
});
