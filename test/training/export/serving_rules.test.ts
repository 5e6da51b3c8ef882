/**
 * A stranger's encoder: it reads serving.json and the files that it names, shares no code with Tower, and gives the same codes. Its
 * MurmurHash3 is of big integers, and is held to values that the algorithm's author and others publish.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeSource } from '../../../src/base/text/source.ts';
import { compileSource } from '../../../src/compiler/pipeline.ts';
import type { BagColumn, Encoding } from '../../../src/data/dataset.ts';
import { initialValues } from '../../../src/graph/initial.ts';
import { queryColumns } from '../../../src/retrieval/query_columns.ts';
import type { LoadedModel } from '../../../src/training/artifact/load.ts';
import { schemaError } from '../../../src/training/artifact/validate.ts';
import { makeTables } from '../../../src/training/embedding/tables.ts';
import { exportModel, type ServingDescription, type ServingInput } from '../../../src/training/export/export_towers.ts';
import { valueAt } from '../../data/fixture.ts';
import fc from '../../fast_check.ts';
import { temporaryFolder } from '../temporary_folder.ts';

const model = `
model rules
features {
  user_id : id(dim: 2)
  device  : id(hash: 1000, dim: 2)
  query   : text(words, hash: 5000, dim: 2, max: 6)
  title   : text(trigrams, hash: 700, dim: 2, max: 40)
  summary : text(bigrams, hash: 800, dim: 2, max: 9)
  about   : text(words, vocabulary: "words.txt", dim: 2, max: 9)
  spelt   : text(trigrams, vocabulary: "trigrams.txt", hash: 9, dim: 2, max: 40)
  history : list(item_id, max: 5)
  liked   : list(item_id, max: 3)
  tags    : list(category(hash: 90, dim: 2), max: 3)
  genres  : list(category(dim: 2), max: 2)
  first   : last(genres)
  scored  : list(category(dim: 2), max: 3, weights: scores)
  rated   : list(item_id, max: 2, weights: ratings, pool: sum)
  seed    : last(history)
  both    : cross(device, seed, hash: 400, dim: 2)
  hour    : time(week_hour)
  age     : number(boundaries: [18, 30], dim: 2)
  price   : number(log, standardize)
  shelf   : list(category(dim: 2), max: 3, pool: none)
  stars   : along(shelf, number(boundaries: [2, 4], dim: 2))
  shop    : along(shelf, category(dim: 2))
  styles   : along(shelf, list(category(dim: 2), max: 2))
  notes   : along(shelf, text(words, hash: 70, dim: 2, max: 3))
  item_id : id(hash: 60, dim: 2)
}
group profile = user_id, device, query, title, summary, about, spelt, history, liked, tags, genres, first, scored, rated, seed, both, hour, age, price
group thing = item_id
group owned = shelf, stars, shop, styles, notes
tower user(profile, owned) keyed by user_id {
  things = sum(owned) -> mean
  channel main = concat(profile, things) -> dense(2)
}
tower item(thing) keyed by item_id { channel main = thing -> flatten -> dense(2) }
task watch { score = dot(user, item), loss = softmax(in_batch) }
`;
const { plan } = compileSource(makeSource('rules.tower', model)).lowered!;
const encodings = new Map<string, Encoding>([
  ['user_id', { kind: 'vocabulary', values: ['ann', 'bob', ' 007 '] }],
  ['device', { kind: 'hash', buckets: 1000 }],
  ['query', { kind: 'words', buckets: 5000 }],
  ['title', { kind: 'trigrams', buckets: 700 }],
  ['summary', { kind: 'bigrams', buckets: 800 }],
  ['about', { kind: 'words', buckets: 1, values: ['война', 'night', 'ß'] }],
  ['spelt', { kind: 'trigrams', buckets: 9, values: ['#ni', 'igh', 'a#b'] }],
  ['tags', { kind: 'hash', buckets: 90 }],
  ['genres', { kind: 'vocabulary', values: ['drama', 'war', 'noir'] }],
  ['scored', { kind: 'vocabulary', values: ['good', 'odd'] }],
  ['both', { kind: 'hash', buckets: 400 }],
  ['hour', { kind: 'clock', part: 'week_hour' }],
  ['age', { kind: 'boundaries', boundaries: [18, 30], log: false }],
  ['price', { kind: 'standardize', mean: 1.5, deviation: 0.25, log: true }],
  ['shelf', { kind: 'vocabulary', values: ['book', 'film', 'game'] }],
  ['stars', { kind: 'boundaries', boundaries: [2, 4], log: false }],
  ['shop', { kind: 'vocabulary', values: ['near', 'far'] }],
  ['styles', { kind: 'vocabulary', values: ['new', 'old'] }],
  ['notes', { kind: 'words', buckets: 70 }],
  ['item_id', { kind: 'hash', buckets: 60 }],
]);
// The data gave `liked` its latest two.
const histories = { history: 5, liked: 2 };

const folder = join(temporaryFolder(), 'exported');
let serving: ServingDescription;
beforeAll(async () => {
  const tables = makeTables(plan, encodings);
  const parameters = initialValues(plan.step.graph, 1);
  const trained = {
    plan,
    encodings,
    tables,
    parameters,
    manifest: { training: { status: 'epochs', epochs: 1, steps: 1 }, data: { histories } },
  } as unknown as LoadedModel;
  await exportModel(trained, { folder, tower: '0.0.0' });
  serving = JSON.parse(readFileSync(join(folder, 'serving.json'), 'utf8')) as ServingDescription;
});

// ---- The stranger's program. ----

const mask = (1n << 32n) - 1n;
const rotate = (value: bigint, by: bigint): bigint => ((value << by) | (value >> (32n - by))) & mask;

function hash32(bytes: Uint8Array): number {
  const mix = (word: bigint): bigint => (rotate((word * 0xcc9e2d51n) & mask, 15n) * 0x1b873593n) & mask;
  let state = 0n;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) {
    const word = [3, 2, 1, 0].reduce((sum, i) => (sum << 8n) | BigInt(bytes[at + i]!), 0n);
    state = (rotate(state ^ mix(word), 13n) * 5n + 0xe6546b64n) & mask;
  }
  const rest = [...bytes.slice(at)].reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  if (at < bytes.length) state ^= mix(rest);
  state ^= BigInt(bytes.length);
  state = ((state ^ (state >> 16n)) * 0x85ebca6bn) & mask;
  state = ((state ^ (state >> 13n)) * 0xc2b2ae35n) & mask;
  return Number(state ^ (state >> 16n));
}

const codeOfText = (text: string, buckets: number): number => hash32(Buffer.from(text, 'utf8')) % buckets;

function wordsIn(text: string): string[] {
  const { normalization, pattern } = serving.rules.words;
  return Array.from(text.normalize(normalization).toLowerCase().matchAll(new RegExp(pattern, 'gu')), ([word]) => word);
}

function bigramsIn(text: string): string[] {
  const words = wordsIn(text);
  const { separator } = serving.rules.bigrams;
  return words.flatMap((word, at) => [word, ...words.slice(at + 1, at + 2).map((next) => word + separator + next)]);
}

function trigramsIn(text: string): string[] {
  const { frame, size } = serving.rules.trigrams;
  const found: string[] = [];
  for (const word of wordsIn(text)) {
    const points = Array.from(frame + word + frame);
    for (let at = 0; at + size <= points.length; at++) found.push(points.slice(at, at + size).join(''));
  }
  return found;
}

const piecesIn = { words: wordsIn, bigrams: bigramsIn, trigrams: trigramsIn };

interface Asked {
  readonly [feature: string]: string | number | readonly (string | number | readonly string[])[] | undefined;
}
type Part = Pick<ServingInput, 'name' | 'last' | 'keeps' | 'atMost' | 'unseen'> & { readonly encoding: string };
type EncodedInput = ServingInput & Part;

const read = (path: string) => JSON.parse(readFileSync(join(folder, path), 'utf8'));

function codeOf(part: Part, value: string | number | undefined): number {
  const encoding = read(part.encoding);
  if (encoding.kind === 'vocabulary') return encoding.values.indexOf(value) + 1;
  if (encoding.kind === 'hash') return codeOfText(value === undefined ? '' : String(value), encoding.buckets);
  if (encoding.kind === 'boundaries') {
    if (value === undefined) return encoding.boundaries.length + 1;
    return encoding.boundaries.filter((boundary: number) => boundary <= Number(value)).length;
  }
  if (value === undefined) return 168;
  const date = new Date(Number(value) * 1000);
  return ((date.getUTCDay() + 6) % 7) * 24 + date.getUTCHours();
}

function listOf(part: Part, asked: Asked): number[] {
  const value = asked[part.name];
  const encoding = read(part.encoding);
  const pieces: string[] =
    encoding.kind in piecesIn
      ? piecesIn[encoding.kind as keyof typeof piecesIn]((value as string | undefined) ?? '')
      : ((value as readonly string[] | undefined) ?? []).filter((each) => each !== '');
  const codes = pieces.map((piece) => {
    if (encoding.kind === 'vocabulary') return codeOf(part, piece);
    const place = (encoding.values ?? []).indexOf(piece);
    return place < 0 ? codeOfText(piece, encoding.buckets) : encoding.buckets + place;
  });
  const all = part.unseen === 'skip' ? codes.filter((code) => code !== 0) : codes;
  return part.keeps === 'latest' ? all.slice(-part.atMost!) : all.slice(0, part.atMost);
}

/** One value for each element of a list, of the elements that the list keeps. */
function alongOf(input: EncodedInput, { unseen, keeps, atMost, ...list }: Part, asked: Asked): number[] {
  const elements = (asked[list.name] ?? []) as readonly string[];
  const values = (asked[input.name] ?? elements.map(() => '')) as readonly (string | number)[];
  const codes = elements.flatMap((element, at) => {
    if (element === '' || (unseen === 'skip' && codeOf(list, element) === 0)) return [];
    return [values[at] === '' ? input.missing! : codeOf(input, values[at])];
  });
  return keeps === 'latest' ? codes.slice(-atMost!) : codes.slice(0, atMost);
}

function codeOfPart(part: Part & { readonly crosses?: ServingInput['crosses'] }, asked: Asked, missing = 0): number {
  if (part.last) return listOf(part.last, asked).at(-1) ?? missing;
  if (!part.crosses) return codeOf(part, asked[part.name] as string | number | undefined);
  const text = part.crosses
    .map((each) => codeOfPart(each, asked, each.last ? codeOf(each, undefined) : 0))
    .join(serving.rules.cross.separator);
  return codeOfText(text, read(part.encoding).buckets);
}

/** The values of each element that a list keeps, all places of them: -1 past the end. */
function innerOf(input: EncodedInput, { unseen, keeps, atMost, ...list }: Part, asked: Asked): number[] {
  const [, , most] = input.shape as readonly number[];
  const elements = (asked[list.name] ?? []) as readonly string[];
  const values = (asked[input.name] ?? elements.map(() => undefined)) as readonly (string | readonly string[])[];
  const own = { name: 'own', encoding: input.encoding, keeps: 'first', ...input.each } as const;
  const bags = elements.flatMap((element, at) => {
    if (element === '' || (unseen === 'skip' && codeOf(list, element) === 0)) return [];
    const codes = listOf(own, { own: values[at] } as Asked);
    return [[...codes, ...new Array(most! - codes.length).fill(input.padding)]];
  });
  return (keeps === 'latest' ? bags.slice(-atMost!) : bags.slice(0, atMost)).flat();
}

/** The weight of each element that a list keeps. */
function weightsOf(input: ServingInput, asked: Asked): number[] {
  const { unseen, keeps, atMost, ...list } = serving.towers.user!.inputs.find(({ name }) => name === input.of) as Part;
  const given = (asked[input.column!] ?? []) as readonly number[];
  const weights = ((asked[list.name] ?? []) as readonly string[]).flatMap((element, at) =>
    element === '' || (unseen === 'skip' && codeOf(list, element) === 0) ? [] : [Math.fround(given[at]!)],
  );
  return keeps === 'latest' ? weights.slice(-atMost!) : weights.slice(0, atMost);
}

function encoded(described: ServingInput, asked: Asked): number | number[] {
  if (described.gives === 'weights') return weightsOf(described, asked);
  const input = described as EncodedInput;
  if (input.gives === 'code') return codeOfPart(input, asked, input.missing);
  if (input.along && input.each) return innerOf(input, input.along, asked);
  if (input.along) return alongOf(input, input.along, asked);
  if (input.gives === 'bag') return listOf(input, asked);
  const { mean, deviation } = read(input.encoding);
  const value = asked[input.name] as number | undefined;
  return [value === undefined ? 0 : Math.fround((Math.log1p(value) - mean) / deviation)];
}

// ---- What Tower makes of the same values. ----

/** Of elements with several values, `most` places each. */
function placesIn({ starts, ends, values, inner }: BagColumn, most: number): number[] {
  return [...values.subarray(starts[0], ends[0])].flatMap((each) => {
    const codes = [...inner!.values.subarray(inner!.starts[each], inner!.ends[each])];
    return [...codes, ...new Array(most - codes.length).fill(-1)];
  });
}

function expectSame(asked: Asked): void {
  const columns = queryColumns(plan, plan.towers[0], encodings, asked, {
    histories: new Map(Object.entries(histories)),
  });
  for (const input of serving.towers.user!.inputs) {
    const { column } = columns.get(input.of ?? input.name)!;
    const inside = input.each ? placesIn(column as BagColumn, input.shape[2] as number) : undefined;
    const ours = inside ?? (input.of ? [...(column as BagColumn).weights!] : valueAt(columns.get(input.name)!, 0));
    expect(encoded(input, asked), input.name).toEqual(ours);
  }
}

describe('serving.json', () => {
  it('fits its schema, and every input of a code names that of a missing value', async () => {
    expect(await schemaError('serving', serving)).toBeUndefined();
    const inputs = Object.fromEntries(serving.towers.user!.inputs.map((input) => [input.name, input]));
    expect(inputs.seed).toMatchObject({
      gives: 'code',
      missing: 0,
      last: { name: 'history', column: 'history', keeps: 'latest', atMost: 5 },
    });
    expect(inputs.seed).not.toHaveProperty('column');
    expect(inputs.both!.crosses).toMatchObject([{ name: 'device' }, { name: 'seed', last: { name: 'history' } }]);
    expect(inputs.history).toMatchObject({ keeps: 'latest', atMost: 5 });
    expect(inputs.liked).toMatchObject({ keeps: 'latest', atMost: 2, shape: ['batch', 3] });
    expect(inputs.tags).toMatchObject({ keeps: 'first', atMost: 3 });
    expect(inputs.stars).toMatchObject({
      missing: 3,
      along: { name: 'shelf', keeps: 'first', atMost: 3, unseen: 'skip' },
    });
    expect(inputs.scored).toMatchObject({ gives: 'bag', weights: 'scored/weights', shape: ['batch', 3] });
    expect(inputs['scored/weights']).toEqual({
      ...{ name: 'scored/weights', dtype: 'float32', shape: ['batch', 3], gives: 'weights' },
      ...{ column: 'scores', of: 'scored', padding: 0 },
    });
    expect([inputs.hour!.missing, inputs.age!.missing]).toEqual([168, 3]);
  });

  it('publishes values that an independent MurmurHash3 agrees with, and that are known', () => {
    const known = new Map(serving.rules.hash.vectors.map(({ text, hash }) => [text, hash]));
    for (const [text, hash] of known) expect(hash32(Buffer.from(text, 'utf8')), text).toBe(hash);
    expect(known.get('')).toBe(0);
    expect(known.get('The quick brown fox jumps over the lazy dog')).toBe(0x2e4ff723);
    expect(known.get('abc')).toBe(0xb3dd93fa);
    expect([...known.keys()].some((text) => text.length >= 300)).toBe(true);
    for (const { codes, text, hash } of serving.rules.cross.vectors) {
      expect([codes.join(','), hash32(Buffer.from(text))]).toEqual([text, hash]);
    }
  });

  it('publishes words and trigrams of any script', () => {
    for (const { text, words } of serving.rules.words.vectors) expect(wordsIn(text), text).toEqual(words);
    for (const { text, trigrams } of serving.rules.trigrams.vectors) expect(trigramsIn(text), text).toEqual(trigrams);
    for (const { text, bigrams } of serving.rules.bigrams.vectors) expect(bigramsIn(text), text).toEqual(bigrams);
    const wordsOf = new Map(serving.rules.words.vectors.map(({ text, words }) => [text, words]));
    expect(wordsOf.get('nai\u0308ve')).toEqual(['na\u00efve']);
    expect(wordsOf.get('ΟΔΥΣΣΕΥΣ')).toEqual(['οδυσσευς']);
    expect(wordsOf.get('\t\n  ')).toEqual([]);
    const trigramsOf = new Map(serving.rules.trigrams.vectors.map(({ text, trigrams }) => [text, trigrams]));
    expect(trigramsOf.get('good')).toEqual(['#go', 'goo', 'ood', 'od#']);
    expect(trigramsOf.get('I')).toEqual(['#i#']);
  });
});

describe('an encoder that reads only serving.json', () => {
  const long = 'Größe 🌕 '.repeat(500);
  it.each<[string, Asked]>([
    ['nothing', {}],
    ['empty texts', { user_id: '', device: '', query: '', title: '', history: [], tags: [''] }],
    [
      'long ones',
      {
        device: long,
        query: long,
        title: long,
        summary: long,
        history: Array.from({ length: 90 }, (_, at) => `m${at}`),
      },
    ],
    ['numbers', { hour: 1_000_000_000, age: 30, price: 12.5, user_id: ' 007 ' }],
    [
      'other scripts',
      {
        device: '東京',
        query: 'İSTANBUL ΣΑΣ Σ',
        title: '𝒜 हिन्दी nai\u0308ve',
        summary: 'İstanbul हिन्दी, Σας Σ',
        about: 'Война и мир: NIGHT, ß night',
        spelt: 'Night knight',
        tags: ['a', 'ß', 'ss', 'd'],
      },
    ],
    ['lists of a vocabulary', { genres: ['musical', 'war', 'musical', 'noir', 'drama'] }],
    ['lists of nothing known', { genres: ['musical', ''] }],
    [
      'values along a list',
      {
        shelf: ['pen', 'film', '', 'book', 'game', 'film'],
        stars: [5, 1, 2, '', 3, 4],
        shop: ['far', 'far', '', 'mall', 'near', ''],
        styles: [['new'], ['old', 'odd', 'new', 'old'], ['new'], [], ['odd'], ['old']],
        notes: ['x', 'A fine old film', '', '', 'play it', 'z'],
      },
    ],
    ['a list without them', { shelf: ['pen', 'film', 'book'] }],
    [
      'weights of lists',
      {
        scored: ['bad', 'good', '', 'odd', 'good', 'good'],
        scores: [9, 0.1, 2, 0, 3e-7, 5],
        rated: ['a', 'b', 'c'],
        ratings: [1, 2.5, 4],
      },
    ],
    ['histories', { history: ['a', 'b', 'c', 'd', 'e', 'f', 'g'], liked: ['a', 'b', 'c'], device: 'tv' }],
  ])('agrees on %s', (_, asked) => expectSame(asked));

  it('agrees on anything', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 40 });
    const list = fc.array(text, { maxLength: 9 });
    const asked = fc.record(
      {
        user_id: text,
        device: text,
        query: text,
        title: text,
        about: text,
        spelt: text,
        history: list,
        liked: list,
        tags: list,
      },
      { requiredKeys: [] },
    );
    const styles = fc.array(fc.constantFrom('new', 'old', 'odd', ''), { maxLength: 4 });
    const thing = fc.tuple(
      fc.constantFrom('book', 'film', 'game', 'pen', ''),
      fc.constantFrom(1, 3, 5, ''),
      text,
      styles,
    );
    const owned = fc
      .array(thing, { maxLength: 6 })
      .map((things) => ({
        shelf: things.map(([shelf]) => shelf),
        stars: things.map(([, stars]) => stars),
        shop: things.map(([, , shop]) => shop),
        notes: things.map(([, , note]) => note),
        styles: things.map(([, , , style]) => style),
      }));
    const weighted = fc.array(fc.tuple(fc.constantFrom('good', 'odd', 'bad', ''), fc.float({ min: 0, noNaN: true })), {
      maxLength: 6,
    });
    const scored = weighted.map((pairs) => ({
      scored: pairs.map(([element]) => element),
      scores: pairs.map(([, weight]) => (Number.isFinite(weight) ? weight : 1)),
    }));
    const all = fc.property(asked, owned, scored, (some, more, most) => expectSame({ ...some, ...more, ...most }));
    fc.assert(all, { numRuns: 150, seed: 4 });
  });
});
