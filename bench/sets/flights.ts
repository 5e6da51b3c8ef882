import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTemporaryFolder, removeTemporaryFolder } from '../../src/base/storage/temporary.ts';
import { openDatabase, quotePath } from '../../src/data/files/duckdb.ts';
import { dataSet, writeCsv } from '../../src/plugins/sets/set.ts';
import { readNpmPackage } from './npm_package.ts';
import { readCsv } from './read_csv.ts';

/** The last version with the file of three million flights. */
const specifier = 'vega-datasets@2.11.0';
const names = ['data/flights-3m.parquet', 'data/airports.csv'] as const;

/** Three million flights within the US, January to June 2001: time, delay, origin, destination; the airports they fly to. */
export const flights = dataSet({
  async make({ log }) {
    log(`fetching flights from npm's ${specifier}`);
    const files = await readNpmPackage('flights', specifier, names);
    const destinations = await destinationsOf(files['data/flights-3m.parquet']);
    const columns = ['name', 'city', 'state', 'latitude', 'longitude'];
    const airports = readCsv(files['data/airports.csv'].toString('utf8').replaceAll('\r\n', '\n'), (reason) => {
      throw new Error(`airports.csv of ${specifier}: ${reason}`);
    }).filter(({ iata }) => destinations.has(iata!));
    return {
      from: `npm's ${specifier}`,
      holds: `3,000,000 flights to ${airports.length} airports`,
      terms: 'US Bureau of Transportation Statistics: public domain; as packed by vega-datasets, BSD-3-Clause',
      files: {
        'flights.parquet': files['data/flights-3m.parquet'],
        'airports.csv': writeCsv(
          // The key has the same name as in flights, which join by it.
          ['destination', ...columns],
          airports.map((row) => [row.iata, ...columns.map((name) => row[name])]),
        ),
      },
    };
  },
});

async function destinationsOf(parquet: Buffer): Promise<Set<string>> {
  const folder = makeTemporaryFolder('flights');
  const parquetPath = join(folder, 'flights.parquet');
  writeFileSync(parquetPath, parquet);
  const database = await openDatabase();
  try {
    const rows = await database.rows(`SELECT DISTINCT destination FROM read_parquet(${quotePath(parquetPath)})`);
    return new Set(rows.map((row) => String(row.destination)));
  } finally {
    database.close();
    removeTemporaryFolder(folder);
  }
}
