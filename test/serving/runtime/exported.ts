/** The small trained model, exported with exact numbers, next to what the server would answer. */
import { join } from 'node:path';
import { servingStateOf } from '../../../src/retrieval/servable.ts';
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
  const servable = { ...servingStateOf(dataset, retrieval.computed(), columns), notes: ['A note.'] };
  const write = (folder: string, more: Partial<PageOptions> = {}): Promise<ExportedPage> =>
    writePageExport(served.trained, servable, {
      folder,
      tower: '0.0.0',
      columns: [...columns.keys()],
      objectives: served.recommender.snapshot.objectives,
      events: { sources: { history: { entry: 'item' } }, columns: [] },
      script: Buffer.from('export {};'),
      exact: true,
      ...more,
    });
  const folder = join(root, 'page');
  return { ...served, folder, exported: await write(folder), write };
}
