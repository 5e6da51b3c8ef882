/** Opens a database for the files of a data block, for as long as they are read. */
import { Failure } from '../base/diagnostics/failure.ts';
import type { DataDescription } from '../compiler/model/model.ts';
import { type BindOptions, type BoundData, bindData } from './binding/bind.ts';
import type { Needs } from './binding/needs.ts';
import { type Database, openDatabase } from './files/duckdb.ts';
import { connectStores, inStores } from './files/remote/stores.ts';

/**
 * Binds the block to its files, and closes all of it however `use` ends. `memory`: bytes for the database.
 * @throws Failure with the errors of the block and its files
 */
export async function withBoundDatabase<T>(
  description: DataDescription,
  needs: Needs,
  options: BindOptions & { readonly memory?: number },
  use: (database: Database, bound: BoundData) => Promise<T>,
): Promise<T> {
  const bound = await bindData(description, needs, options);
  if (bound.output === undefined) throw new Failure(bound.diagnostics);
  try {
    const database = await openDatabase(options.signal, options.memory);
    try {
      const storeFiles = inStores([...bound.output.layout.sources.values()].flatMap(({ files }) => files));
      if (storeFiles.length > 0) await connectStores(database, storeFiles);
      return await use(database, bound.output);
    } finally {
      database.close();
    }
  } finally {
    bound.output.discard();
  }
}
