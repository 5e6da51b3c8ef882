/** A table as Parquet files of a fixed number of rows. Each is whole or absent, so a run that was killed goes on after the last. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '../../../diagnostics/failure.ts';
import { isPartialOf, makeFolder, replaceDurably } from '../../../storage/durable.ts';
import { type Database, quoteText } from '../../files/duckdb.ts';

export interface PartsOf {
  readonly folder: string;
  readonly rows: number;
  readonly rowsPerPart: number;
  readonly columns: readonly string[];
  /** Fills the columns with rows `from`, `from` + 1, … */
  readonly fill: (from: number, columns: readonly Int32Array[]) => void;
  /** SQL of a column more, from the SQL of the row's number. */
  readonly computed?: (row: string) => string;
  readonly wrote: (rows: number) => void;
}

export const partsOf = (rows: number, rowsPerPart: number): readonly string[] =>
  Array.from({ length: Math.ceil(rows / rowsPerPart) }, (_, at) => `${String(at).padStart(6, '0')}.parquet`);

/** @throws Failure `cannot-write` */
export async function writeParts(database: Database, parts: PartsOf): Promise<void> {
  const { folder, rows, rowsPerPart, columns, fill, computed, wrote } = parts;
  const names = partsOf(rows, rowsPerPart);
  await makeFolder(folder);
  await removeLeft(folder, new Set(names));
  const room = columns.map(() => new Int32Array(Math.min(rows, rowsPerPart)));
  for (const [at, name] of names.entries()) {
    const from = at * rowsPerPart;
    const count = Math.min(rowsPerPart, rows - from);
    const path = join(folder, name);
    if (!existsSync(path)) {
      const filled = room.map((all) => all.subarray(0, count));
      fill(from, filled);
      await database.fill(
        'part',
        columns.map((name, column) => ({ name, integers: filled[column]! })),
        count,
      );
      const selected = computed === undefined ? '*' : `*, ${computed(`(${from} + rowid)`)}`;
      await replaceDurably(path, async (partial) => {
        try {
          await database.run(`COPY (SELECT ${selected} FROM part) TO ${quoteText(partial)} (FORMAT parquet)`);
        } catch (error) {
          database.passOn(error);
          throw failure('cannot-write', { path, reason: (error as Error).message.split('\n')[0]! });
        }
      });
      await database.run('DROP TABLE part');
    }
    wrote(count);
  }
}

export const bytesIn = (folder: string): number =>
  existsSync(folder)
    ? readdirSync(folder).reduce(
        (sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0),
        0,
      )
    : 0;

/** What a kill left half written. */
async function removeLeft(folder: string, names: ReadonlySet<string>): Promise<void> {
  for (const file of readdirSync(folder)) {
    if (/^\.\d{6}\.parquet\./.test(file) && [...names].some((name) => isPartialOf(file, name))) {
      await rm(join(folder, file), { force: true });
    }
  }
}
