/** The program of `npm run bench:sets`: its arguments, and the set that they name. */
import { parseArgs } from 'node:util';
import type { SetSource } from '../../src/app/api/data_sets.ts';
import { type Failure, failure } from '../../src/base/diagnostics/diagnostic.ts';
import { findNearest } from '../../src/base/text/nearest.ts';
import { benchSets } from './table.ts';

const command = 'npm run bench:sets';

function readArguments(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { from: { type: 'string' }, out: { type: 'string' } },
    });
    return { ...values, names: positionals };
  } catch (error) {
    throw refused((error as Error).message);
  }
}

const refused = (message: string): Failure =>
  failure('command-line', { message, instead: `write \`${command} -- SET [--from FOLDER] [--out FOLDER]\``, command });

/** Writes the files of the set that the arguments name. @throws Failure */
export async function prepareSet(
  args: readonly string[],
  log: (line: string) => void,
): Promise<SetSource & { readonly folder: string }> {
  const { from, out, names } = readArguments(args);
  const [name = ''] = names;
  if (!isBenchSet(name)) {
    const known = Object.keys(benchSets);
    throw failure('unknown-name', { what: 'data set', name, nearest: findNearest(name, known), known });
  }
  const set = benchSets[name];
  if (names.length > 1) throw refused(`\`${names[1]}\` is one name too many: a command prepares one set`);
  if (from !== undefined && set.originals === undefined)
    throw refused(`\`${name}\` is fetched, so it takes no \`--from\``);
  const folder = out ?? `models/data/${name}`;
  const given = from === undefined ? {} : { from };
  return { folder, ...(await set.get({ ...given, folder, log })) };
}

const isBenchSet = (name: string): name is keyof typeof benchSets => Object.hasOwn(benchSets, name);
