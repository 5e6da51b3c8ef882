/** Finds the columns that a model reads among the files of a data block. */
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { DataDescription, Model } from '../../model/model.ts';
import type { Span } from '../../text/source.ts';
import type { Access } from '../files/access.ts';
import { Copies } from '../files/copies.ts';
import { openDatabase } from '../files/duckdb.ts';
import { type FeatureFile, readFeatureFiles } from '../files/feature_files.ts';
import { findFiles } from '../files/files.ts';
import { listRemote } from '../files/remote/list.ts';
import { describeSources } from '../files/source.ts';
import { bindLayout } from './bind_layout.ts';
import { makeBinder } from './binder.ts';
import type { Layout } from './layout.ts';
import type { Needs } from './needs.ts';

export interface BindOptions {
  /** Gives the places of features that nothing feeds. */
  readonly model?: Model;
  /** Its reason is thrown when it is aborted. */
  readonly signal?: AbortSignal;
  /** Which files the block may name. */
  readonly access?: Access;
}

export interface BoundData {
  readonly layout: Layout;
  /** What files that features name hold, by feature. */
  readonly files: ReadonlyMap<string, FeatureFile>;
  /** Removes the copies of good records that reading left for the database. */
  discard(): void;
}

/**
 * Binds every column of a data block, reading the headers of its files only. With errors there is no output. The expressions run in
 * a database of their own, over tables of the same columns, once that database can no longer read a file.
 */
export async function bindData(
  description: DataDescription,
  needs: Needs,
  options: BindOptions = {},
): Promise<{ readonly output?: BoundData; readonly diagnostics: readonly Diagnostic[] }> {
  const placeOf = (feature: string): Span => options.model?.features.get(feature)?.span ?? description.events.span;
  const files = await readFeatureFiles(description, needs.features, placeOf, options.access);
  const copies = new Copies();
  const database = await openDatabase(options.signal);
  let output: BoundData | undefined;
  try {
    const { signal } = options;
    const remote = await listRemote(description, options.access, { database, copies, signal });
    const found = findFiles(description, options.access, remote);
    const wrong = [...found.diagnostics, ...files.diagnostics];
    if (wrong.length > 0) return { diagnostics: wrong };
    const described = await describeSources(database, found.output, copies, options.signal);
    if (described.diagnostics.length > 0) return { diagnostics: described.diagnostics };
    await database.seal();
    const binder = await makeBinder(database, described.output);
    const { layout, diagnostics } = await bindLayout(binder, description, needs, options.model);
    if (diagnostics.length > 0) return { diagnostics };
    output = { layout, files: files.output, discard: () => copies.discard() };
    return { output, diagnostics };
  } finally {
    database.close();
    if (output === undefined) copies.discard();
  }
}
