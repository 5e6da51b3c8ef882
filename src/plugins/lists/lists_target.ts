/** Writes and opens an index of near items in a folder: the contract `IndexTarget`. */
import type { Indexed, IndexTarget, OpenedIndex, PlacedIndexRequest } from '../../app/api/index_items.ts';
import { type Run, retrievalOf } from '../../app/api/run.ts';
import { version } from '../../app/api/version.ts';
import type { Dataset } from '../../data/dataset.ts';
import { interestsOf, type Snapshot } from '../../retrieval/snapshot.ts';
import { makeRecallGauge, openIndexFolder, writeIndexFolder } from './index_folder.ts';

/** A folder is checked when the index is written. */
export const checkTarget: IndexTarget['checkTarget'] = async () => {};

/**
 * Builds an index of the items, measures it with queries of the data, and writes it.
 * @throws Failure `index-recall`, `folder-in-use`, `run-in-use`, `cannot-write`; the reason of the signal
 */
export async function writeIndex(run: Run, request: PlacedIndexRequest): Promise<Indexed> {
  const { to, recall = 0.99, k = 100, queries = 500, signal, onProgress, onItems } = request;
  const { dataset, retrieval } = await retrievalOf(run, run.knownRows());
  try {
    const { features, rows, of } = sampleOf(dataset, queries);
    const vectors = interestsOf(await retrieval.queries(features, rows));
    const { items, lists, certificate } = await writeIndexFolder({
      folder: to,
      tower: version,
      version: run.trained.manifest.checksum,
      items: { ...retrieval.items(), keys: dataset.corpus.keys },
      queries: { vectors: vectors.map((query) => query.map((vector) => Float64Array.from(vector))), of },
      k,
      recall,
      signal,
      onProgress,
      onItems,
    });
    const { milliseconds, asked: _, of: events, ...found } = certificate;
    const settings = {
      queries: events,
      lists: lists.count,
      reach: lists.reach,
      'ms a query': milliseconds.lists.toFixed(2),
      'ms of the exact scan': milliseconds.scan.toFixed(2),
    };
    return { to, items: items.rows, settings, certificate: found, dropped: [] };
  } finally {
    await retrieval.close();
  }
}

/** @throws Failure `not-an-index`, `other-index`, `damaged-index`, `cannot-read` */
export async function openIndex(folder: string, snapshot: Snapshot): Promise<OpenedIndex> {
  const { makeIndex } = await openIndexFolder(folder, snapshot);
  return {
    snapshot: snapshot.withIndex((scan) => ({ ...makeIndex(scan), gauge: makeRecallGauge() })),
    address: folder,
    close: async () => {},
  };
}

/** Returns an evenly spaced sample of events, of a held-out part if there is one. */
function sampleOf({ parts }: Dataset, count: number) {
  const part = (['test', 'validation', 'train'] as const).find((name) => parts[name].rows > 0) ?? 'train';
  const { rows: all, features } = parts[part];
  const sampleSize = Math.min(count, all);
  const sampledRows = Int32Array.from({ length: sampleSize }, (_, i) => Math.floor((i * all) / sampleSize));
  return { features, rows: sampledRows, of: `events of the ${part === 'train' ? 'training' : part} part` };
}
