/** Stages the files of a data block: reads them into tables of the database, or makes views of Parquet that is too large. */
import type { BindOptions, BoundData } from './binding/bind.ts';
import type { ReadPlan } from './binding/data_layout.ts';
import type { Database } from './files/duckdb.ts';
import type { Role } from './files/find_files.ts';
import { inStores } from './files/remote/stores.ts';
import type { StagedTable } from './rows/raw.ts';
import { stage } from './rows/stage.ts';
import type { Computing } from './rows/valid_files.ts';
import { refuseTooMany, shareOf } from './shards/memory_shares.ts';
import type { ShardRequest } from './shards/request.ts';

export interface ReadContext<T extends SourceOptions = SourceOptions> {
  readonly database: Database;
  readonly readPlan: ReadPlan;
  readonly files: BoundData['featureFiles'];
  readonly options: T;
}

interface SourceOptions extends BindOptions {
  readonly shards?: ShardRequest;
}

export async function stageSources<T extends SourceOptions>(
  readContext: ReadContext<T>,
): Promise<Computing & ReadContext<T>> {
  const { database, readPlan, options } = readContext;
  const { layout } = readPlan;
  const staged = new Map<Role, StagedTable>();
  const { shards, signal } = options;
  const room = shards && (shards.sizes?.room ?? shareOf(shards.memory, 'database'));
  for (const source of layout.sources.values()) {
    // Each query reads joined files completely, so they always become tables.
    const stageOptions = source.role === 'events' ? { signal, room } : { signal };
    staged.set(source.role, await stage(database, source, layout, stageOptions));
  }
  refuseTooMany(staged.get('events')!.rows);
  // All columns of expressions are now in the database, or in files that are read in place.
  const inPlace = [...staged.values()]
    .filter((stagedTable) => stagedTable.inPlace !== undefined)
    .flatMap(({ files }) => files);
  // Stores may be read again, to check if a file has changed.
  const storeFiles = inStores([...layout.sources.values()].flatMap(({ files }) => files));
  await database.seal([...new Set([...inPlace.map(({ file }) => file.path), ...storeFiles.map(({ path }) => path)])]);
  const bad = [...staged.values()].flatMap(({ broken }) => broken);
  return { ...readContext, layout, staged, bad, warnings: [] };
}
