import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync, inflateSync } from 'node:zlib';
import type { DataSet, WriteLogLine } from '../../app/api/data_sets.ts';
import { failure } from '../../base/diagnostics/diagnostic.ts';
import { makeTemporaryFolder, removeTemporaryFolder } from '../../base/storage/temporary.ts';
import { readZip } from '../../base/storage/zip.ts';
import { listRowIndexes } from '../../base/util/objects.ts';
import { formatRecord } from '../../data/csv/dialect.ts';
import { type RValue, readRObject } from './archives/r_object.ts';
import { writeWhole } from './set.ts';

// MovieLens for examples and tests (Harper & Konstan, "The MovieLens datasets", ACM TiiS 2015) comes from GroupLens or, if that fails, from a Debian package
// with an earlier edition. GroupLens owns the data and permits research, and redistribution under the same terms: it is fetched, never shipped.

interface MovieLensSource {
  readonly edition: string;
  readonly from: string;
  readonly ratings: number;
  readonly movies: number;
  readonly md5: { readonly 'ratings.csv': string; readonly 'movies.csv': string };
  readonly terms: string;
}

interface Edition {
  readonly name: string;
  readonly ratings: number;
  readonly movies: number;
  /** Checksums of ratings.csv and movies.csv when this was written. */
  readonly md5?: readonly [string, string];
}

interface Fetched {
  readonly edition: Edition;
  readonly from: string;
  readonly ratings: string;
  readonly movies: string;
}

const archiveUrl = 'https://files.grouplens.org/datasets/movielens/ml-latest-small.zip';
const debianPackage = 'r-cran-dslabs';
const terms = 'GroupLens: research use, redistribution under the same terms; cite Harper & Konstan 2015';

const latestEdition: Edition = {
  name: 'ml-latest-small, September 2018',
  ratings: 100_836,
  movies: 9_742,
  md5: ['325a6f09399d1c45671f187505e1a100', 'ed94fab72b62442ef8150d9446e000d6'],
};
const earlierEdition: Edition = {
  name: 'ml-latest-small, October 2016 (rated films only)',
  ratings: 100_004,
  movies: 9_066,
  md5: ['ca345f6cdb982baf0ad30a226278c194', 'fbdeb94b9a5b8476751052d73881fd9e'],
};

/**
 * Writes `ratings.csv`, `movies.csv` and `source.json` into `folder`, unless they exist. Logs each attempt and the edition found. Throws Failure,
 * with instructions to do it by hand, if no source responds.
 */
export async function fetchMovieLens(folder: string, log: WriteLogLine): Promise<MovieLensSource> {
  const present = presentIn(folder);
  if (present !== undefined) {
    log(`MovieLens is in ${folder} already: ${present.edition}, ${present.ratings.toLocaleString('en')} ratings`);
    return present;
  }
  const attempts: string[] = [];
  for (const [name, source] of [
    ['GroupLens', fromGroupLens],
    [`Debian's ${debianPackage}`, fromDebian],
  ] as const) {
    log(`fetching MovieLens from ${name}`);
    let fetched: Fetched;
    try {
      fetched = await source(log);
      check(fetched, log);
    } catch (error) {
      const fetchReason = reasonOf(error);
      attempts.push(`${name}: ${fetchReason}`);
      log(`${name} did not answer: ${fetchReason}`);
      continue;
    }
    const written = writeFiles(folder, fetched);
    log(
      `MovieLens: ${written.edition}, ${written.ratings.toLocaleString('en')} ratings of ${written.movies.toLocaleString('en')} films`,
    );
    return written;
  }
  const byHand = `unpack ${archiveUrl} and put its ratings.csv and movies.csv into ${folder}`;
  throw failure('fetch-failed', { what: 'MovieLens', tried: attempts, byHand });
}

/** Describes the files of a folder. Files that were copied there by hand are checked. */
function presentIn(folder: string): MovieLensSource | undefined {
  const [ratings, movies, source] = ['ratings.csv', 'movies.csv', 'source.json'].map((name) => join(folder, name));
  if (!existsSync(ratings!) || !existsSync(movies!)) return undefined;
  if (existsSync(source!)) {
    const storedSource = JSON.parse(readFileSync(source!, 'utf8')) as MovieLensSource;
    if (storedSource.md5['ratings.csv'] === md5(readFileSync(ratings!))) return storedSource;
  }
  const texts = { ratings: readFileSync(ratings!, 'utf8'), movies: readFileSync(movies!, 'utf8') };
  const edition = [latestEdition, earlierEdition].find((candidate) => candidate.ratings === rowsOf(texts.ratings)) ?? {
    name: 'another edition',
    ratings: rowsOf(texts.ratings),
    movies: rowsOf(texts.movies),
  };
  return writeFiles(folder, { edition, from: 'files that were there', ...texts });
}

async function fromGroupLens(): Promise<Fetched> {
  const answer = await fetch(archiveUrl, { signal: AbortSignal.timeout(20_000) });
  if (!answer.ok) throw new Error(`it answered ${answer.status}`);
  const files = readZip(Buffer.from(await answer.arrayBuffer()));
  const fileText = (name: string): string => {
    const content = files.get(`ml-latest-small/${name}`);
    if (content === undefined) throw new Error(`its archive has no ${name}`);
    return content.toString('utf8');
  };
  return { edition: latestEdition, from: archiveUrl, ratings: fileText('ratings.csv'), movies: fileText('movies.csv') };
}

async function fromDebian(log: WriteLogLine): Promise<Fetched> {
  const run = promisify(execFile);
  const folder = makeTemporaryFolder('movielens');
  const download = () => run('apt-get', ['download', debianPackage], { cwd: folder, timeout: 120_000 });
  try {
    await download().catch(async () => {
      log('updating the package lists of apt');
      await run('apt-get', ['update'], { timeout: 180_000 });
      return download();
    });
    const archive = readdirSync(folder).find((name) => name.endsWith('.deb'));
    if (archive === undefined) throw new Error('apt-get download left no package');
    await run('dpkg-deb', ['-x', archive, 'unpacked'], { cwd: folder, timeout: 60_000 });
    const data = join(folder, 'unpacked/usr/lib/R/site-library/dslabs/data');
    const [index, objects] = ['Rdata.rdx', 'Rdata.rdb'].map((name) => readFileSync(join(data, name)));
    const frame = readLazyLoad(index!, objects!, 'movielens');
    return { edition: earlierEdition, from: `Debian package ${archive}`, ...asCsv(frame) };
  } finally {
    removeTemporaryFolder(folder);
  }
}

/** Converts a data frame of ratings with titles to the two files of latest-small, in their order. */
export function asCsv(frame: RValue): { readonly ratings: string; readonly movies: string } {
  const numbers = (name: string): Float64Array => {
    const column = member(frame, name);
    if (column?.kind !== 'numbers') throw new Error(`its movielens has no numbers \`${name}\``);
    return column.values;
  };
  const titles = member(frame, 'title');
  const genreNames = member(frame, 'genres');
  const levels = genreNames?.kind === 'numbers' ? genreNames.attributes.get('levels') : undefined;
  if (titles?.kind !== 'texts' || levels?.kind !== 'texts') throw new Error('its movielens has no titles and genres');
  const [user, movie, rating] = [numbers('userId'), numbers('movieId'), numbers('rating')];
  const [time, year, genre] = [numbers('timestamp'), numbers('year'), numbers('genres')];

  const sortedRows = listRowIndexes(user.length).sort((a, b) => user[a]! - user[b]! || movie[a]! - movie[b]!);
  const ratings = ['userId,movieId,rating,timestamp\n'];
  const moviesById = new Map<number, string>();
  for (const row of sortedRows) {
    ratings.push(`${user[row]},${movie[row]},${rating[row]!.toFixed(1)},${time[row]}\n`);
    if (moviesById.has(movie[row]!)) continue;
    const title = titles.values[row] ?? '';
    const titleWithYear = Number.isNaN(year[row]!) ? title : `${title} (${year[row]})`;
    const record = [String(movie[row]), titleWithYear, levels.values[genre[row]! - 1] ?? ''];
    moviesById.set(movie[row]!, formatRecord(record, ',', [',']));
  }
  const movies = [...moviesById].sort(([a], [b]) => a - b).map(([, line]) => line);
  return { ratings: ratings.join(''), movies: ['movieId,title,genres\n', ...movies].join('') };
}

/** Checks the counts. A different checksum is only reported, because GroupLens may write the same ratings differently. */
function check({ edition, ratings, movies }: Fetched, log: WriteLogLine): void {
  const counts = { ratings: rowsOf(ratings), movies: rowsOf(movies) };
  if (counts.ratings !== edition.ratings || counts.movies !== edition.movies) {
    throw new Error(
      `it has ${counts.ratings} ratings of ${counts.movies} films, and ${edition.name} has ${edition.ratings} of ${edition.movies}`,
    );
  }
  const [ratingsSum, moviesSum] = edition.md5 ?? [];
  const isSameFile = md5(ratings) === ratingsSum && md5(movies) === moviesSum;
  log(
    isSameFile
      ? 'counts and check sums are right'
      : 'counts are right; check sums are not those of the copy known here',
  );
}

function writeFiles(folder: string, { edition, from, ratings, movies }: Fetched): MovieLensSource {
  const source: MovieLensSource = {
    edition: edition.name,
    from,
    ratings: rowsOf(ratings),
    movies: rowsOf(movies),
    md5: { 'ratings.csv': md5(ratings), 'movies.csv': md5(movies) },
    terms: terms,
  };
  const sourceText = `${JSON.stringify(source, null, 2)}\n`;
  writeWhole(folder, { 'ratings.csv': ratings, 'movies.csv': movies, 'source.json': sourceText });
  return source;
}

/** Counts lines after the header. No title in MovieLens contains a line end. */
function rowsOf(csv: string): number {
  return csv.trimEnd().split('\n').length - 1;
}

function md5(content: string | Buffer): string {
  return createHash('md5').update(content).digest('hex');
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause =
    error.cause instanceof Error ? error.cause.message || (error.cause as NodeJS.ErrnoException).code : undefined;
  return (cause ?? error.message).split('\n')[0]!;
}

/** Reads one object of R's lazy-load database: a `.rdx` index and a `.rdb` file of compressed objects. Throws Error if it is missing or damaged. */
export function readLazyLoad(index: Buffer, objects: Buffer, name: string): RValue {
  const variables = member(readRObject(gunzipSync(index)), 'variables');
  const objectSpan = member(variables, name);
  if (objectSpan?.kind !== 'numbers') throw new Error(`it has no object \`${name}\``);
  const [offset, length] = objectSpan.values;
  // The first four bytes are the length of the decompressed object.
  return readRObject(inflateSync(objects.subarray(offset! + 4, offset! + length!)));
}

function member(value: RValue | undefined, name: string): RValue | undefined {
  if (value?.kind !== 'list') return undefined;
  const names = value.attributes.get('names');
  const index = names?.kind === 'texts' ? names.values.indexOf(name) : -1;
  return index === -1 ? undefined : value.values[index];
}

export const movielens: DataSet = {
  async get({ folder, log }) {
    const { edition, from, ratings, movies, terms } = await fetchMovieLens(folder, log);
    const holds = `${edition}: ${ratings.toLocaleString('en')} ratings of ${movies.toLocaleString('en')} films`;
    return { from, holds, terms };
  },
};
