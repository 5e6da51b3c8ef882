/** An index of the items of a run in a folder. */
import { defined } from '../../base/util/defined.ts';
import type { Dataset } from '../../data/dataset.ts';
import type { IndexEvent } from '../../serving/ann/build.ts';
import type { Snapshot } from '../../serving/serve/snapshot.ts';
import type { Indexed, IndexRequest, IndexTargetRequest, OpenedIndex } from './index_target.ts';
import type { Run } from './run.ts';
import { version } from './version.ts';

const spaces = { ip: 'inner products', l2sq: 'distances' } as const;

/**
 * Builds a graph of the items, measures it with queries of the data, and writes it.
 * @throws Failure `no-usearch`, `index-recall`, `folder-in-use`, `run-in-use`, `cannot-write`; the reason of the signal
 */
export async function writeFolderIndex(run: Run, request: IndexRequest & IndexTargetRequest): Promise<Indexed> {
  const { to, recall = 0.99, k = 100, queries = 500, signal, onProgress, onItems } = request;
  const { loadUsearch } = await import('../../serving/ann/usearch.ts');
  loadUsearch();
  const [dataset, { engine }] = await Promise.all([run.dataset(), run.engine()]);
  const [{ makeRetrieval }, { writeIndex }, { interestsOf }] = await Promise.all([
    import('../../training/scoring/retrieval.ts'),
    import('../../serving/ann/index_folder.ts'),
    import('../../serving/serve/interests.ts'),
  ]);
  const { plan, tables, parameters, manifest } = run.trained;
  const { corpus } = dataset;
  const retrieval = await makeRetrieval({ plan, engine, tables, corpus, parameters });
  const show = (event: IndexEvent): void => {
    if (event.kind === 'items') onItems?.(event.done, event.of);
    else if (event.kind === 'certifying') onProgress?.(`measured ${event.what}`);
    else onProgress?.(`trying a graph of ${spaces[event.space]} on some of the items`);
  };
  try {
    const { features, rows, of } = sampleOf(dataset, queries);
    const vectors = interestsOf(await retrieval.queries(features, rows));
    const { items, graph, certificate } = await writeIndex({
      folder: to,
      tower: version,
      version: manifest.checksum,
      items: { ...retrieval.items(), keys: corpus.keys },
      queries: { vectors: vectors.map((each) => each.map((vector) => Float64Array.from(vector))), of },
      k,
      recall,
      onProgress: show,
      ...defined({ signal }),
    });
    const { milliseconds, asked: _, of: events, ...found } = certificate;
    const settings = {
      queries: events,
      space: graph.settings.metric,
      candidates: graph.width,
      'ms a query': milliseconds.graph.toFixed(2),
      'ms of the exact scan': milliseconds.scan.toFixed(2),
    };
    return { to, items: items.rows, settings, certificate: found, dropped: [] };
  } finally {
    await retrieval.close();
  }
}

/** @throws Failure `not-an-index`, `other-index`, `damaged-index`, `no-usearch`, `cannot-read` */
export async function openFolderIndex(folder: string, snapshot: Snapshot): Promise<OpenedIndex> {
  const [{ openIndex }, { makeRecallGauge }] = await Promise.all([
    import('../../serving/ann/index_folder.ts'),
    import('../../serving/ann/recall_gauge.ts'),
  ]);
  const { graph } = await openIndex(folder, snapshot);
  return {
    snapshot: snapshot.withGraph({ ...graph, gauge: makeRecallGauge() }),
    address: folder,
    close: async () => {},
  };
}

/** Events that training has not seen, where the data has such, evenly spread. */
function sampleOf({ parts }: Dataset, count: number) {
  const part = (['test', 'validation', 'train'] as const).find((name) => parts[name].rows > 0) ?? 'train';
  const { rows: all, features } = parts[part];
  const size = Math.min(count, all);
  const rows = Int32Array.from({ length: size }, (_, i) => Math.floor((i * all) / size));
  return { features, rows, of: `events of the ${part === 'train' ? 'training' : part} part` };
}
