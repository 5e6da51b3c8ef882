/** Where MovieLens latest-small is: in the folder that `TOWER_DATA` names, else where `tower data movielens` puts it. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The folder; ends the process, with a word on what to do, where it is not there. */
export function movieLensFolder(): string {
  const { TOWER_DATA } = process.env;
  const folder = resolve(TOWER_DATA ? join(TOWER_DATA, 'ml-latest-small') : 'models/data/movielens');
  if (existsSync(join(folder, 'ratings.csv'))) return folder;
  console.error(`MovieLens is not in ${folder}: \`npm run data -- movielens\` puts it into models/data/movielens`);
  process.exit(1);
}
