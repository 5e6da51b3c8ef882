/**
 * Small samples of the data sets that models are for. The sets are in the folder that TOWER_DATA names, or where `tower data` and
 * `npm run bench:sets` put them; a model whose data is in neither is skipped, and says so.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { benchSets } from '../../bench/sets/table.ts';
import { splitRecord } from '../../src/data/csv/csv_records.ts';
import { temporaryFolder } from '../training/temporary_folder.ts';

const root = temporaryFolder();
const home = process.env.TOWER_DATA;

type Row = readonly string[];
interface Sample {
  /** Where whole files are, if anywhere. */
  readonly from: string | undefined;
  /** Makes a small copy of the files in a folder. */
  make(from: string, to: string): Promise<void>;
}

const firstOf = (...folders: readonly (string | undefined)[]): string | undefined =>
  folders.find((folder) => folder !== undefined && existsSync(folder));

/** Keeps the header, and lines for whose fields `keep` holds. */
function cut(from: string, to: string, name: string, keep: (row: Row) => boolean): Row[] {
  const [head, ...lines] = readFileSync(join(from, name), 'utf8').trimEnd().split('\n');
  const kept = lines.filter((line) => keep(splitRecord(line, ',')));
  writeFileSync(join(to, name), `${[head, ...kept].join('\n')}\n`);
  return kept.map((line) => splitRecord(line, ','));
}

const converted = (set: 'msweb' | 'restaurants' | 'cranfield') => home && firstOf(join(home, set));
const convert = async (set: 'msweb' | 'restaurants' | 'cranfield', from: string): Promise<string> => {
  const folder = join(root, `whole-${set}`);
  await benchSets[set].get({ folder, from, log: () => {} });
  return folder;
};

const samples: Readonly<Record<string, Sample>> = {
  movielens: {
    from: firstOf(home && join(home, 'ml-latest-small'), 'models/data/movielens'),
    async make(from, to) {
      const films = new Set(cut(from, to, 'ratings.csv', ([user]) => Number(user) <= 8).map(([, film]) => film!));
      cut(from, to, 'movies.csv', ([film]) => films.has(film!));
    },
  },
  movielens_next: {
    from: firstOf(home && join(home, 'ml-latest-small'), 'models/data/movielens'),
    // The same files, split otherwise.
    make: async () => void (await blockOf('movielens')),
  },
  msweb: {
    from: converted('msweb'),
    async make(from, to) {
      const whole = await convert('msweb', from);
      cut(whole, to, 'visits.csv', ([user]) => /(07|10)$/.test(user!));
      cut(whole, to, 'areas.csv', () => true);
    },
  },
  restaurants: {
    from: converted('restaurants'),
    async make(from, to) {
      const whole = await convert('restaurants', from);
      for (const name of ['ratings.csv', 'users.csv', 'places.csv']) cut(whole, to, name, () => true);
    },
  },
  cranfield: {
    from: converted('cranfield'),
    async make(from, to) {
      const whole = await convert('cranfield', from);
      for (const name of ['judgements.csv', 'documents.csv']) cut(whole, to, name, () => true);
    },
  },
  wordnet: {
    from: firstOf('models/data/wordnet'),
    async make(from, to) {
      const synsets = new Set<string>();
      cut(from, to, 'pairs.csv', ([, synset]) => synset!.endsWith('42') && synsets.add(synset!) !== undefined);
      cut(from, to, 'synsets.csv', ([synset]) => synsets.has(synset!));
    },
  },
  flights: {
    from: firstOf('models/data/flights'),
    async make(from, to) {
      const connection = await (await DuckDBInstance.create()).connect();
      const sample = `SELECT * FROM '${join(from, 'flights.parquet')}' WHERE hash(date || origin) % 700 = 0`;
      await connection.run(`COPY (${sample}) TO '${join(to, 'flights.parquet')}'`);
      connection.closeSync();
      cut(from, to, 'airports.csv', () => true);
    },
  },
};

/** Each model with a set that it is for. */
export const cases = [
  ['two_tower', 'movielens'],
  ['senet_two_tower', 'movielens'],
  ['parallel_two_tower', 'movielens'],
  ['parallel_fused', 'movielens'],
  ['multi_objective', 'movielens'],
  ['esmm', 'movielens'],
  ['youtube', 'movielens'],
  ['multi_interest', 'movielens'],
  ['mmoe_two_tower', 'movielens'],
  ['simplex', 'movielens'],
  ['lightgcn', 'movielens'],
  ['cml', 'movielens'],
  ['sasrec', 'movielens_next'],
  ['fossil', 'movielens_next'],
  ['gru4rec', 'movielens_next'],
  ['hstu', 'movielens_next'],
  ['bsarec', 'movielens_next'],
  ['bsarec_attributes', 'movielens_next'],
  ['duorec', 'movielens_next'],
  ['elsa', 'movielens'],
  ['mult_dae', 'movielens'],
  ['mult_vae', 'movielens'],
  ['vae_per_item', 'movielens'],
  ['two_tower_msweb', 'msweb'],
  ['two_tower_flights', 'flights'],
  ['restaurant_objectives', 'restaurants'],
  ['clip_text', 'cranfield'],
  ['dssm', 'cranfield'],
  ['dssm', 'wordnet'],
] as const;

const made = new Map<string, Promise<string>>();

/** Whether the files of a set are here. */
export const isThere = (set: string): boolean => samples[set]!.from !== undefined;

/** The data block of a sample: that of the set, next to the sample's folder. */
export function blockOf(set: string): Promise<string> {
  const { from, make } = samples[set]!;
  let block = made.get(set);
  if (!block) {
    block = (async () => {
      const folder = join(root, set);
      mkdirSync(folder, { recursive: true });
      await make(from!, folder);
      const path = join(root, `${set}.tower`);
      writeFileSync(path, readFileSync(`models/data/${set}.tower`, 'utf8'));
      return path;
    })();
    made.set(set, block);
  }
  return block;
}
