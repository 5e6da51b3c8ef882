/** The small trained model, exported with exact numbers, next to what the server would answer. */
import { join } from 'node:path';
import { type ExportedPage, type PageOptions, writePageExport } from '../../../src/training/export/page_folder.ts';
import { makeRetrieval } from '../../../src/training/scoring/retrieval_scorer.ts';
import { plainEngine } from '../../training/plain_engine.ts';
import { columns, dataset, serveSmall } from '../server/served.ts';

export interface ExportedSmall extends Awaited<ReturnType<typeof serveSmall>> {
  readonly folder: string;
  readonly exported: ExportedPage;
  write(folder: string, more?: Partial<PageOptions>): Promise<ExportedPage>;
}

export async function exportSmall(root: string): Promise<ExportedSmall> {
  const served = await serveSmall(root);
  const { plan, tables, parameters } = served.trained;
  const retrieval = await makeRetrieval({ plan, engine: plainEngine, tables, corpus: dataset.corpus, parameters });
  const write = (folder: string, more: Partial<PageOptions> = {}): Promise<ExportedPage> =>
    writePageExport(served.trained, retrieval, {
      folder,
      tower: '0.0.0',
      dataset,
      columns,
      chosen: [...columns.keys()],
      objectives: served.recommender.snapshot.objectives,
      notes: ['A note.'],
      events: { sources: { history: { entry: 'item' } }, columns: [] },
      script: Buffer.from('export {};'),
      exact: true,
      ...more,
    });
  const folder = join(root, 'page');
  return { ...served, folder, exported: await write(folder), write };
}
