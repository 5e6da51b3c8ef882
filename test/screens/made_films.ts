/** Made-up films and what people like of them, so that the pages of a model look as they do with real data, and hold none. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeRandom } from '../../src/base/random/random.ts';

const source = 'docs/examples/films';
const genres = ['Drama', 'Comedy', 'Adventure', 'Science fiction', 'Crime', 'Romance', 'Horror', 'Animation'];
const qualities =
  'Quiet Second Broken Golden Distant Hidden Last Paper Silver Northern Borrowed Wild Little Empty Late'.split(' ');
const things =
  'Harbour Letter Garden Station Winter Island Mirror Orchestra Journey Lighthouse Promise Detective River Machine'.split(
    ' ',
  );
const [films, people, likes] = [360, 500, 24];

/** Writes the files and the data block. Each person likes two genres most, and earlier films of a genre more than later ones. */
export function writeFilms(folder: string): string {
  const random = makeRandom(7);
  const at = (film: number) => film % genres.length;
  const movies = Array.from({ length: films }, (_, film) => {
    const title = `The ${qualities[film % qualities.length]} ${things[Math.floor(film / qualities.length) % things.length]}`;
    const second = film % 3 === 0 ? `|${genres[(at(film) + 3) % genres.length]}` : '';
    return `${film + 1},${title}${film < 210 ? '' : ' Returns'} (${1942 + Math.floor((film * 7) % 76)}),${genres[at(film)]}${second}`;
  });
  const ratings = Array.from({ length: people * likes }, (_, row) => {
    const person = row % people;
    const own = [person % genres.length, (3 * person + 1) % genres.length];
    const genre = random.next() < 0.8 ? own[random.integer(2)]! : random.integer(genres.length);
    const film = genre + genres.length * Math.floor((films / genres.length) * random.next() ** 2);
    return `${person + 1},${film + 1},${random.next() < 0.1 ? 3 : 4.5},${1_200_000_000 + 900 * row}`;
  });
  mkdirSync(join(folder, 'movielens'), { recursive: true });
  writeFileSync(join(folder, 'movielens/movies.csv'), `movieId,title,genres\n${movies.join('\n')}\n`);
  writeFileSync(join(folder, 'movielens/ratings.csv'), `userId,movieId,rating,timestamp\n${ratings.join('\n')}\n`);
  const data = join(folder, 'data.tower');
  writeFileSync(data, readFileSync(`${source}/data.tower`, 'utf8').replaceAll('../../../models/data/', ''));
  return data;
}
