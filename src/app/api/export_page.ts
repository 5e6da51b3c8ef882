/** Writes a trained model into a folder that `tower-lang/runtime` opens: in pages, workers and Node.js, without a server. */
import { readFile } from 'node:fs/promises';
import { awaitRead, Failure } from '../../base/diagnostics/diagnostic.ts';
import { findPackageFile } from '../../base/storage/package_file.ts';
import type { Dataset } from '../../data/dataset.ts';
import type { EventSource } from '../../data/written/fields.ts';
import { type PublicServable, servingStateOf } from '../../retrieval/servable.ts';
import { type ExportedPage, writePageExport } from '../../training/export/page_folder.ts';
import { objectivesOf } from './recorded.ts';
import { refuseSets } from './refuse_fitted.ts';
import { type Run, retrievalOf } from './run.ts';
import { version } from './version.ts';

export interface ExportPageRequest {
  readonly out: string;
  /** Columns of the items file by which pages may filter and which they may show. Everything in the folder is public. Default: none. */
  readonly columns?: readonly string[];
  readonly force?: boolean;
  /** Stores all numbers as they are, in four times the space. Default: those of items and tables take one byte each. */
  readonly exact?: boolean;
}

async function eventsOf(run: Run, dataset: Dataset): Promise<PublicServable['events']> {
  try {
    const reader = await run.eventReader(dataset);
    reader.close();
    const computed = [...reader.sources].find(([, source]) => source === undefined)?.[0];
    if (computed !== undefined) return { closed: `\`${computed}\` is not a column of the events files` };
    return {
      sources: Object.fromEntries(reader.sources) as Record<string, EventSource>,
      columns: reader.fields.map(({ name }) => name),
    };
  } catch (error) {
    if (error instanceof Failure && error.diagnostics[0]?.code === 'events-closed')
      return { closed: error.diagnostics[0].message };
    throw error;
  }
}

/**
 * Computes the vectors of all items, and writes them next to the query tower.
 * @throws Failure `folder-in-use`, `unknown-name`, `cannot-write`, and those of reading the data
 */
export async function exportPage(
  run: Run,
  request: ExportPageRequest,
): Promise<ExportedPage & { readonly known: readonly string[] }> {
  const { out, columns = [], force, exact } = request;
  refuseSets(
    run.trained.plan,
    'a page keeps one of each',
    'serve it with `tower serve`, or export its towers without `--browser`',
  );
  const [known, notes] = await Promise.all([run.itemColumns(), run.notes()]);
  const { dataset, retrieval } = await retrievalOf(run, run.knownRows());
  const scriptPath = findPackageFile('dist/runtime.js');
  try {
    const servable = { ...servingStateOf(dataset, retrieval.computed(), known), notes };
    const exported = await writePageExport(run.trained, servable, {
      folder: out,
      tower: version,
      objectives: (await objectivesOf(run.trained)) ?? [],
      events: await eventsOf(run, dataset),
      script: await awaitRead(scriptPath, readFile(scriptPath)),
      ...{ columns, force, exact },
    });
    return { ...exported, known: [...known.keys()] };
  } finally {
    await retrieval.close();
  }
}
