/** An index of the items of a run, for what is too much for one process: written, and opened for `serve`. */
import { join } from 'node:path';
import { failure } from '../../base/diagnostics/failure.ts';
import { defined } from '../../base/util/defined.ts';
import type { Snapshot } from '../../serving/serve/snapshot.ts';
import type { Indexed, IndexRequest, IndexTarget, OpenedIndex } from './index_target.ts';
import type { Run } from './run.ts';

export type { Indexed, IndexRequest } from './index_target.ts';

export const usualTable = 'tower_items';

/** The first that takes the text. */
const targets: readonly IndexTarget[] = [
  {
    takes: (to) => /^postgres(ql)?:/i.test(to),
    takesItems: false,
    async check({ to, table = usualTable }) {
      const { checkServer } = await import('../../serving/postgres/write.ts');
      await checkServer(to, table);
    },
    async write(run, request) {
      const { to, table: name = usualTable, recall = 0.99, half = false, dropOlder = false, onProgress } = request;
      const { writeIndex } = await import('../../serving/postgres/write.ts');
      const { snapshot, truth } = await measured(run, request);
      const options = { name, recall, half, dropsOlder: dropOlder, ...defined({ onProgress }) };
      const { address, row, dropped } = await writeIndex(to, snapshot, truth, options);
      const { table, settings, certificate } = row;
      return { to: address, table, items: row.items, settings: { ...settings }, certificate, dropped };
    },
    async open(to, snapshot, { table: name = usualTable }) {
      const { openPostgres } = await import('../../serving/postgres/search.ts');
      const index = await openPostgres(to, snapshot, { name });
      return { snapshot: { ...snapshot, index }, address: index.address, close: index.close };
    },
  },
  {
    takes: (to) => !/^\w+:\/\//.test(to),
    takesItems: true,
    async check() {
      const { loadUsearch } = await import('../../serving/ann/usearch.ts');
      loadUsearch();
    },
    write: async (run, request) => (await import('./folder_index.ts')).writeFolderIndex(run, request),
    open: async (to, snapshot) => (await import('./folder_index.ts')).openFolderIndex(to, snapshot),
  },
];

function targetOf(to: string): IndexTarget {
  const target = targets.find(({ takes }) => takes(to));
  if (target) return target;
  throw failure('index-address', { reason: 'does not begin with `postgres://`' });
}

async function measured(run: Run, { k = 100, queries = 500 }: IndexRequest) {
  const recommender = await run.recommender();
  const { snapshot } = recommender;
  const { exactAnswersOf } = await import('../../serving/serve/certificate.ts');
  const truth = exactAnswersOf(snapshot, await recommender.sample(queries), Math.min(k, snapshot.rows));
  return { snapshot, truth };
}

const placed = (folder: string, request: IndexRequest) => ({ ...request, to: request.to ?? join(folder, 'index') });

/** Checks that an index can be written there, before a run is loaded. @throws Failure `index-address`, `index-server`, `no-usearch`, … */
export function checkIndexTarget(folder: string, request: IndexRequest): Promise<void> {
  const targetRequest = placed(folder, request);
  return targetOf(targetRequest.to).check(targetRequest);
}

/**
 * Writes an index of the items of a run, if it finds enough of what the exact scan finds.
 * @throws Failure `index-address`, `index-recall`, `no-usearch`, …
 */
export function indexItems(run: Run, request: IndexRequest = {}): Promise<Indexed> {
  const targetRequest = placed(run.trained.folder, request);
  return targetOf(targetRequest.to).write(run, targetRequest);
}

/** @throws Failure `index-address` */
export const takesItems = (to: string): boolean => targetOf(to).takesItems;

/** @throws Failure `index-address`, `index-missing`, `index-other`, `not-an-index`, `other-index`, … */
export const openIndex = (
  to: string,
  snapshot: Snapshot,
  options: { readonly table?: string } = {},
): Promise<OpenedIndex> => targetOf(to).open(to, snapshot, options);
