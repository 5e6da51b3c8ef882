/** `id(init: …, keys: …)` and `vocabulary: …` from files to trained tables. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Encoding } from '../../../src/data/dataset.ts';
import { readDataset } from '../../../src/data/read_dataset.ts';
import { fingerprintOf } from '../../../src/training/artifact/identity.ts';
import { load } from '../../../src/training/artifact/load.ts';
import { makeTables } from '../../../src/training/embedding/tables.ts';
import { ranksColdItems } from '../../../src/training/scoring/scorer.ts';
import { trainModel } from '../../../src/training/train_model.ts';
import { planOf } from '../../compiler/library/support.ts';
import { plainEngine } from '../../training/plain_engine.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { describeData, failureOf, folderWith, valuesOf } from '../fixture.ts';
import { npy } from './npy_file.ts';

const root = temporaryFolder();
const events = `user_id,item_id,kind,fold
${Array.from({ length: 12 }, (_, at) => `u${at % 4},${'abc'[at % 3]},${'xy'[at % 2]},train`).join('\n')}
u0,b,z,test
u1,d,z,test
`;
/** Vectors of b, d (cold), z (not in the data), a; c has none. */
const keys = 'b\nd\nz\na\n';
const numbers = [1, 2, 3, 4, 5, 6, 7, 8];
const vectors = npy({ shape: '(4, 2)', data: Buffer.from(Float32Array.from(numbers).buffer) });
const files = { 'events.csv': events, 'v.npy': vectors, 'keys.txt': keys, 'kinds.txt': 'x\nz\nw\n' };

const planWith = (item: string, kind = 'category(dim: 2)') =>
  planOf(`
    model small
    features { user_id : id(dim: 2), kind : ${kind}, history : list(item_id, max: 3, pool: none), item_id : ${item} }
    tower user(user_id, kind, history) keyed by user_id {
      had = history -> mean
      channel main = concat(user_id, kind, had) -> dense(2)
    }
    tower item(item_id) keyed by item_id { channel main = item_id -> dense(2) }
    task see { score = dot(user, item), loss = softmax(in_batch) }
    train { batch = 4, epochs = 3, seed = 2 }
  `);

const dataOf = (folder: string) =>
  describeData({ folder, columns: { history: "['a', 'd', 'c']" }, split: { kind: 'column', column: 'fold' } });

const read = (item: string, kind?: string, more: Record<string, string | Uint8Array> = {}) =>
  readDataset(dataOf(folderWith({ ...files, ...more })), planWith(item, kind));

const row = (values: ArrayLike<number>, at: number): number[] => [values[2 * at]!, values[2 * at + 1]!];

describe('first values of a table', () => {
  const init = 'id(dim: 2, init: "v.npy", keys: "keys.txt")';
  const frozen = 'id(dim: 2, init: "v.npy", keys: "keys.txt", frozen)';

  it('are those of the keys; a key that only held-out events have is known, and one of no event is not', async () => {
    const dataset = await read(init);
    const { values } = dataset.encodings.get('item_id') as Extract<Encoding, { kind: 'vocabulary' }>;
    expect(values).toEqual(['a', 'b', 'c', 'd']);
    const tables = makeTables(planWith(init), dataset.encodings, undefined, dataset.firstValues);
    const plain = makeTables(planWith(init), dataset.encodings);
    const [begun, usual] = [tables, plain].map((each) => each.get('item_id')!.values());
    expect([1, 2, 4].map((at) => row(begun!, at))).toEqual([
      [7, 8],
      [1, 2],
      [3, 4],
    ]);
    for (const at of [0, 3]) expect(row(begun!, at)).toEqual(row(usual!, at));
    // A list knows the cold item too.
    expect(valuesOf(dataset.parts.train.features.get('history')!, 1)).toEqual([[1, 4, 3]]);
  });

  it('train, or stay as they are where they are frozen', async () => {
    const weights = async (item: string) => {
      const [plan, dataset] = [planWith(item), await read(item)];
      const folder = join(root, item.includes('frozen') ? 'frozen' : 'trained');
      await trainModel({ plan, dataset, engine: plainEngine, folder, origin: { sources: [] }, tower: '0.0.0' });
      const { tables } = await load(folder);
      return [...tables.get('item_id')!.values()];
    };
    // The unknown id and c have no vector.
    expect(await weights(frozen)).toEqual([0, 0, 7, 8, 1, 2, 0, 0, 3, 4]);
    const trained = await weights(init);
    for (const at of [1, 2, 3]) expect(row(trained, at)).not.toEqual(row([0, 0, 7, 8, 1, 2, 0, 0], at));
  });

  it('that are frozen have no gradient, and rank cold items', async () => {
    const plan = planWith(frozen);
    const outputs = plan.step.graph.outputs.map(({ name }) => name);
    expect(outputs.filter((name) => name.startsWith('gradient:'))).toEqual(['gradient:user_id', 'gradient:kind']);
    const { corpus } = await read(frozen);
    expect([plan, planWith(init)].map((each) => ranksColdItems(each, corpus))).toEqual([true, false]);
  });

  it('of which the data has none are refused, and the protocol counts those that it has', async () => {
    const none = (await failureOf(read(init, undefined, { 'keys.txt': 'id-a\nid-b\nid-c\nid-d\n' }))).join();
    expect(none).toMatch(
      /^values-not-in-file at .*`keys.txt` has no value of `item_id`: its first line is `id-a`, and the data has `[a-d]`/,
    );
    const [trained, kept] = [await read(init), await read(frozen)];
    expect(trained.protocol.at(-1)).toBe('`item_id`: 3 of 4 ids have a vector in v.npy; the others begin as usual.');
    expect(kept.protocol.at(-1)).toBe('`item_id`: 3 of 4 ids have a vector in v.npy; the others are 0.');
    const kind = 'category(vocabulary: "kinds.txt", dim: 2)';
    const kinds = (await failureOf(read(init, kind, { 'kinds.txt': 'X\nY\n' }))).join();
    expect(kinds).toContain('values-not-in-file');
  });

  it('are part of what a run is of', async () => {
    const other = npy({ shape: '(4, 2)', data: Buffer.from(Float32Array.from([9, ...numbers.slice(1)]).buffer) });
    const [one, same, changed] = await Promise.all([read(init), read(init), read(init, undefined, { 'v.npy': other })]);
    expect(fingerprintOf(same!)).toEqual(fingerprintOf(one!));
    const [was, is] = [fingerprintOf(one!), fingerprintOf(changed!)];
    expect(Object.keys(is.features).filter((name) => is.features[name] !== was.features[name])).toEqual(['item_id']);
  });

  it('are refused where files are missing, of other sizes, or lie elsewhere', async () => {
    const reasons = async (item: string, more: Record<string, string | Uint8Array> = {}): Promise<string> =>
      (await failureOf(read(item, undefined, more))).join();
    expect(await reasons(init.replace('v.npy', 'w.npy'))).toMatch(/^data-file-missing at .*`w.npy` .*v\.npy/);
    expect(await reasons(init, { 'keys.txt': 'a\nb\n' })).toContain('it has 4 rows, and `keys.txt` has 2 keys');
    expect(await reasons(init.replace('dim: 2', 'dim: 3'))).toContain(
      'its rows have 2 numbers, and `item_id` has `dim: 3`: write `dim: 2`',
    );
    expect(await reasons(init.replace('v.npy', '../v.npy'))).toContain('data-file-outside');
    expect(await reasons(init, { 'v.npy': 'no' })).toContain('ends within its header');
    const folder = folderWith(files);
    const secret = join(mkdtempSync(join(tmpdir(), 'tower-secret-')), 'v.npy');
    writeFileSync(secret, vectors);
    symlinkSync(secret, join(folder, 'link.npy'));
    const plan = planWith(init.replace('v.npy', 'link.npy'));
    const found = (await failureOf(readDataset(dataOf(folder), plan))).join();
    rmSync(dirname(secret), { recursive: true });
    expect(found).toContain('data-file-outside');
  });
});

describe('a vocabulary in a file', () => {
  it('is its lines, in their order, whatever the data has', async () => {
    const { encodings, parts } = await read('id(dim: 2)', 'category(vocabulary: "kinds.txt", dim: 2)');
    expect(encodings.get('kind')).toEqual({ kind: 'vocabulary', values: ['x', 'z', 'w'] });
    expect(valuesOf(parts.train.features.get('kind')!, 2)).toEqual([1, 0]);
    expect(valuesOf(parts.test.features.get('kind')!, 1)).toEqual([2]);
  });

  it('may be that of an id', async () => {
    const { encodings } = await read('id(vocabulary: "keys.txt", dim: 2)');
    expect(encodings.get('item_id')).toEqual({ kind: 'vocabulary', values: ['b', 'd', 'z', 'a'] });
  });

  it('that cannot be read is a mistake of the feature', async () => {
    const found = failureOf(read('id(dim: 2)', 'category(vocabulary: "kinds.txt")', { 'kinds.txt': 'x\nx\n' }));
    expect((await found).join()).toMatch(/data-file-unreadable .*`kinds\.txt` cannot be read: line 2 repeats line 1/);
  });
});

describe('a vocabulary of a text', () => {
  const about = { 'words.txt': 'x\nnone\n' };
  const kind = 'text(words, vocabulary: "words.txt", dim: 2)';

  it('fixes the rows of its words, whatever the data has; all others share row 0', async () => {
    const dataset = await read('id(dim: 2)', kind, about);
    expect(dataset.encodings.get('kind')).toEqual({ kind: 'words', buckets: 1, values: ['x', 'none'] });
    expect(valuesOf(dataset.parts.test.features.get('kind')!, 2)).toEqual([[0], [0]]);
    expect(new Set(valuesOf(dataset.parts.train.features.get('kind')!, 12).flat())).toEqual(new Set([0, 1]));
    expect(makeTables(planWith('id(dim: 2)', kind), dataset.encodings).get('kind')!.rows).toBe(3);
  });

  it('has pieces of a text, which are no whole text of the data', async () => {
    const texts = { 'events.csv': events.replaceAll(',x,', ',Red Night,').replaceAll(',y,', ',"Moon, star",') };
    const valuesWith = async (pieces: string, lines: string) => {
      const kind = `text(${pieces}, vocabulary: "words.txt", dim: 2)`;
      const { parts } = await read('id(dim: 2)', kind, { ...texts, 'words.txt': lines });
      return valuesOf(parts.train.features.get('kind')!, 2);
    };
    expect(await valuesWith('words', 'night\nnone\n')).toEqual([
      [0, 1],
      [0, 0],
    ]);
    expect(await valuesWith('bigrams', 'star\nred night\n')).toEqual([
      [0, 2, 0],
      [0, 0, 1],
    ]);
    expect((await valuesWith('trigrams', 'oon\n'))[1]).toContain(1);
  });

  it('of which no text has a piece is refused', async () => {
    const found = (await failureOf(read('id(dim: 2)', kind, { 'words.txt': 'none\n' }))).join();
    expect(found).toContain('`words.txt` has no value of `kind`: its first line is `none`');
  });

  it('has lines that a text can be cut into', async () => {
    const refused = (lines: string) => failureOf(read('id(dim: 2)', kind, { 'words.txt': lines }));
    expect((await refused('x\nThe Night\n')).join()).toContain(
      '`words.txt` cannot be read: line 2, "The Night", is not a word in lower case, such as `night`',
    );
    expect((await refused('x\nx\n')).join()).toContain('line 2 repeats line 1');
    expect((await refused('')).join()).toContain('it has no line');
  });
});
