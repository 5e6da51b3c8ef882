/** A project of a reader on the layout of MovieLens, with the users and films that the pages name. */
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const filmKeys = ['50', '318', '1196', '1210', ...Array.from({ length: 40 }, (_, at) => String(at + 1))];

export function writeMovieLensProject(folder: string): void {
  cpSync('models', join(folder, 'models'), {
    recursive: true,
    filter: (path) => !/models.data./.test(path) || path.endsWith('.tower'),
  });
  const rows = Array.from({ length: 1500 }, (_, at) => {
    const film = filmKeys[(at * 7) % filmKeys.length];
    return `${1 + (at % 50)},${film},${at % 3 === 0 ? '3.0' : '4.5'},${1e9 + at}`;
  });
  const films = filmKeys.map((key, at) => `${key},Film ${key} (1999),${at % 2 ? 'Drama|War' : 'Drama|Comedy'}`);
  mkdirSync(join(folder, 'models/data/movielens'));
  const files = {
    'models/data/movielens/ratings.csv': `userId,movieId,rating,timestamp\n${rows.join('\n')}\n`,
    'models/data/movielens/movies.csv': `movieId,title,genres\n${films.join('\n')}\n`,
    'package.json': '{ "type": "module" }\n',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
  symlinkSync(resolve('.'), join(folder, 'node_modules/tower-lang'));
  symlinkSync(resolve('dist/tower.cjs'), join(folder, 'node_modules/.bin/tower'));
}
