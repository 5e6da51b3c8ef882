import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readZip } from '../../../src/base/storage/zip.ts';
import type { Encoding } from '../../../src/data/dataset.ts';
import { readDataset } from '../../../src/data/read_dataset.ts';
import { readRObject } from '../../../src/plugins/sets/archives/r_object.ts';
import { asCsv, fetchMovieLens, readLazyLoad } from '../../../src/plugins/sets/movielens.ts';
import { folderWith, valueAt } from '../../data/fixture.ts';
import { movielensBlock, movielensFolder, movielensNeeds } from '../../data/movielens_block.ts';

describe.skipIf(movielensFolder === undefined)('MovieLens (skipped without TOWER_DATA)', () => {
  const folder = movielensFolder!;

  /** The files by plain means: MovieLens quotes titles only, and has no line ends in them. */
  function byHand() {
    const lines = (name: string): string[] => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n').slice(1);
    const ratings = lines('ratings.csv').map((line, at) => {
      const [user, movie, rating, time] = line.trim().split(',');
      return { user: user!, movie: movie!, rating: Number(rating), time: Number(time), at };
    });
    ratings.sort((a, b) => a.time - b.time || a.at - b.at);
    const movies = lines('movies.csv').map((line) => {
      const [, id, quoted, plain, genres] = /^(\d+),(?:"((?:[^"]|"")*)"|([^,]*)),(.*?)\r?$/.exec(line)!;
      return { id: id!, title: quoted?.replaceAll('""', '"') ?? plain!, genres: genres!.split('|') };
    });
    return { ratings, movies };
  }

  it('reads as plain means read it', async () => {
    const { ratings, movies } = byHand();
    const data = await readDataset(movielensBlock(folder), movielensNeeds);
    const { parts, corpus, users, encodings } = data;
    expect(data.rejected).toMatchObject({ count: 0, total: ratings.length + movies.length });
    expect([parts.train.rows, parts.validation.rows, parts.test.rows]).toEqual([80_668, 10_084, 10_084]);
    expect(corpus.keys).toEqual(movies.map(({ id }) => id));
    expect(corpus.titles).toEqual(movies.map(({ title }) => title));

    const codesOf = (feature: string): Map<string, number> => {
      const { values } = encodings.get(feature) as Extract<Encoding, { kind: 'vocabulary' }>;
      return new Map([...values].map((value, at) => [value, at + 1]));
    };
    const [codeOf, genreOf] = [codesOf('movie_id'), codesOf('genres')];
    const place = new Map(movies.map(({ id }, at) => [id, at]));
    const timelines = new Map<string, { time: number; code: number }[]>();
    const starts = { train: 0, validation: parts.train.rows, test: parts.train.rows + parts.validation.rows };
    for (const name of ['train', 'validation', 'test'] as const) {
      const part = parts[name];
      for (let row = 0; row < part.rows; row++) {
        const { user, movie, rating, time } = ratings[starts[name] + row]!;
        const timeline = timelines.get(user) ?? timelines.set(user, []).get(user)!;
        const same = corpus.keys.at(part.item[row]!) === movie && users.keys.at(part.user[row]!) === user;
        if (!same || part.labels.get('liked')![row] !== Number(rating >= 4))
          throw new Error(`row ${row} of ${name} is another`);
        // Every 37th row in full: to compare all of them takes longer than it teaches.
        if (row % 37 === 0) {
          const history = timeline.filter((event) => event.time < time).slice(-50);
          expect(valueAt(part.features.get('history')!, row)).toEqual(history.map(({ code }) => code));
          expect(valueAt(part.features.get('movie_id')!, row)).toBe(codeOf.get(movie) ?? 0);
          const genres = movies[place.get(movie)!]!.genres.slice(0, 6);
          expect(valueAt(part.features.get('genres')!, row)).toEqual(genres.map((genre) => genreOf.get(genre)));
        }
        timeline.push({ time, code: codeOf.get(movie) ?? 0 });
      }
    }
    const trained = new Set(ratings.slice(0, parts.train.rows).map(({ movie }) => movie));
    expect([...codeOf.keys()].sort()).toEqual([...trained].sort());
    expect(corpus.trainingCounts.reduce((sum, count) => sum + count, 0)).toBe(parts.train.rows);
  });

  it('leaves the last two events of every user out', async () => {
    const { parts } = await readDataset(movielensBlock(folder, { kind: 'leave_one_out' }), movielensNeeds);
    expect([parts.train.rows, parts.validation.rows, parts.test.rows]).toEqual([100_836 - 2 * 610, 610, 610]);
    expect(new Set(parts.test.user).size).toBe(610);
  });
});

/** A zip archive of one deflated and one stored file. */
function zipOf(files: Readonly<Record<string, string>>): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [at, [name, text]] of Object.entries(files).entries()) {
    const content = Buffer.from(text);
    const packed = at % 2 === 0 ? deflateRawSync(content) : content;
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(Buffer.byteLength(name), 26);
    locals.push(header, Buffer.from(name), packed);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(at % 2 === 0 ? 8 : 0, 10);
    entry.writeUInt32LE(crc32(content), 16);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(content.length, 24);
    entry.writeUInt16LE(Buffer.byteLength(name), 28);
    entry.writeUInt32LE(offset, 42);
    directory.push(entry, Buffer.from(name));
    offset += 30 + Buffer.byteLength(name) + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, ...directory, end]);
}

describe('a zip archive', () => {
  const whole = zipOf({ 'a/b.csv': 'x,y\n'.repeat(100), 'c.txt': 'stored' });

  it('gives its files', () => {
    expect([...readZip(whole)].map(([name, content]) => [name, content.toString()])).toEqual([
      ['a/b.csv', 'x,y\n'.repeat(100)],
      ['c.txt', 'stored'],
    ]);
  });

  it('that is cut off or changed is refused', () => {
    expect(() => readZip(whole.subarray(0, whole.length - 30))).toThrow('not a zip archive');
    const changed = Buffer.from(whole);
    changed[whole.indexOf('stored')]! ^= 1;
    expect(() => readZip(changed)).toThrow('c.txt is damaged');
  });
});

/** Writes R's XDR format, the few types that a data frame has. */
class RWriter {
  private readonly parts: Buffer[] = [Buffer.from('X\n')];
  constructor(version: 2 | 3) {
    this.int(version, 0x040100, version === 3 ? 0x030500 : 0x020300);
    if (version === 3) this.int(5).raw('UTF-8');
  }
  raw(text: string): this {
    this.parts.push(Buffer.from(text));
    return this;
  }
  int(...values: number[]): this {
    for (const value of values) {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32BE(value);
      this.parts.push(bytes);
    }
    return this;
  }
  text(text: string | null): this {
    return text === null ? this.int(9, -1) : this.int(0x40009, Buffer.byteLength(text)).raw(text);
  }
  texts(values: (string | null)[], flags = 0): this {
    this.int(16 | flags, values.length);
    for (const value of values) this.text(value);
    return this;
  }
  ints(values: number[], flags = 0): this {
    return this.int(13 | flags, values.length, ...values);
  }
  reals(values: number[]): this {
    this.int(14, values.length);
    for (const value of values) {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleBE(value);
      this.parts.push(bytes);
    }
    return this;
  }
  bytes(): Buffer {
    return Buffer.concat(this.parts);
  }
}

const NA = -2147483648;
const HAS_ATTRIBUTES = 0x200;
const HAS_TAG = 0x400;

/** list(movieId, title, year, genres = factor, userId, rating, timestamp), as R writes a data frame. */
function frame(version: 2 | 3): Buffer {
  const writer = new RWriter(version);
  writer.int(19 | HAS_ATTRIBUTES, 7);
  writer.ints([2, 1, 1]).texts(['Two, or 2', 'One', 'One']).ints([NA, 1999, 1999]);
  writer
    .ints([2, 1, 1], HAS_ATTRIBUTES)
    .int(2 | HAS_TAG, 1)
    .text('levels')
    .texts(['Comedy|War', 'Drama'])
    .int(254);
  writer.ints([2, 1, 2]).reals([2.5, 4, 5]).ints([100, 200, 300]);
  writer
    .int(2 | HAS_TAG, 1)
    .text('names')
    .texts(['movieId', 'title', 'year', 'genres', 'userId', 'rating', 'timestamp'])
    .int(254);
  return writer.bytes();
}

describe('R data', () => {
  it('gives a data frame as the two files of latest-small', () => {
    for (const version of [2, 3] as const) {
      expect(asCsv(readRObject(frame(version)))).toEqual({
        ratings: 'userId,movieId,rating,timestamp\n1,1,4.0,200\n2,1,5.0,300\n2,2,2.5,100\n',
        movies: 'movieId,title,genres\n1,One (1999),Comedy|War\n2,"Two, or 2",Drama\n',
      });
    }
  });

  it('is found in a lazy-load data base by its name', () => {
    const object = deflateSync(frame(2));
    const place = 5;
    const index = new RWriter(2);
    index.int(19 | HAS_ATTRIBUTES, 2);
    index.int(19 | HAS_ATTRIBUTES, 1).ints([place, object.length + 4]);
    index
      .int(2 | HAS_TAG, 1)
      .text('names')
      .texts(['movielens'])
      .int(254);
    index.int(19, 0);
    // A symbol that was written before is only pointed at.
    index
      .int(2 | HAS_TAG, 0x1ff)
      .texts(['variables', 'references'])
      .int(254);
    const objects = Buffer.concat([Buffer.alloc(place), Buffer.alloc(4), object]);
    const found = readLazyLoad(gzipSync(index.bytes()), objects, 'movielens');
    expect(asCsv(found).movies).toContain('One (1999)');
    expect(() => readLazyLoad(gzipSync(index.bytes()), objects, 'other')).toThrow('no object `other`');
  });

  it('of a kind that no data frame has is refused', () => {
    expect(() => readRObject(new RWriter(2).int(3).bytes())).toThrow('type 3');
    expect(() => readRObject(Buffer.from('A\n1\n'))).toThrow('not an R object');
  });
});

describe('fetching', () => {
  it('leaves files that are there alone, and says which they are', async () => {
    const folder = folderWith({});
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'ratings.csv'), 'userId,movieId,rating,timestamp\n1,1,4.0,200\n');
    writeFileSync(join(folder, 'movies.csv'), 'movieId,title,genres\n1,One (1999),Comedy|War\n');
    const said: string[] = [];
    const source = await fetchMovieLens(folder, (line) => said.push(line));
    expect(source).toMatchObject({ edition: 'another edition', from: 'files that were there', ratings: 1, movies: 1 });
    expect(JSON.parse(readFileSync(join(folder, 'source.json'), 'utf8'))).toEqual(source);
    expect(said).toEqual([`MovieLens is in ${folder} already: another edition, 1 ratings`]);
    expect(readFileSync(join(folder, 'ratings.csv'), 'utf8')).toContain('1,1,4.0,200');
  });
});
