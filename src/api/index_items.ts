/** An index of the items of a run, for what is too much for one process: written, and opened for `serve`. */
import { defined } from '../defined.ts';
import { failure } from '../diagnostics/failure.ts';
import type { Certificate } from '../serve/certificate.ts';
import type { Snapshot } from '../serve/snapshot.ts';
import type { SearchIndex } from '../serve/top_answer.ts';
import type { Run } from './run.ts';

export interface IndexRequest {
  /** Where the index goes: `postgres://user@host/database`. The password may be in `PGPASSWORD` or in `~/.pgpass`. */
  readonly to: string;
  /** What it is called there. Default: `tower_items`. */
  readonly table?: string;
  /** The least share of the best items that it finds, as a mean over queries. Default: 0.99. */
  readonly recall?: number;
  /** How many items of an answer are compared. Default: 100. */
  readonly k?: number;
  /** How many queries are asked for the certificate, at most. Default: 500. */
  readonly queries?: number;
  /** Compares float16 numbers in the graph, which then takes half of the memory. */
  readonly half?: boolean;
  /** Drops the other indexes of this name, which servers of other runs may still ask. */
  readonly dropOlder?: boolean;
  readonly onProgress?: (line: string) => void;
}

export interface Indexed {
  /** Where it is, without a password. */
  readonly to: string;
  readonly table: string;
  readonly items: number;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly certificate: Certificate;
  /** Tables of older indexes that were dropped. */
  readonly dropped: readonly string[];
}

/** A kind of index. */
interface Target {
  /** Whether a text names one. */
  takes(to: string): boolean;
  /** Refuses what can be known before anything is computed. */
  check(request: Pick<IndexRequest, 'to' | 'table'>): Promise<void>;
  write(run: Run, request: IndexRequest): Promise<Indexed>;
  open(to: string, snapshot: Snapshot, options: { readonly table?: string }): Promise<SearchIndex>;
}

export const usualTable = 'tower_items';

/** The first that takes the text. */
const targets: readonly Target[] = [
  {
    takes: (to) => /^postgres(ql)?:/i.test(to),
    async check({ to, table = usualTable }) {
      const { checkServer } = await import('../postgres/write.ts');
      await checkServer(to, table);
    },
    async write(run, request) {
      const { to, table: name = usualTable, recall = 0.99, half = false, dropOlder = false, onProgress } = request;
      const { writeIndex } = await import('../postgres/write.ts');
      const { snapshot, truth } = await measured(run, request);
      const options = { name, recall, half, dropsOlder: dropOlder, ...defined({ onProgress }) };
      const { address, row, dropped } = await writeIndex(to, snapshot, truth, options);
      const { table, settings, certificate } = row;
      return { to: address, table, items: row.items, settings: { ...settings }, certificate, dropped };
    },
    async open(to, snapshot, { table: name = usualTable }) {
      const { openPostgres } = await import('../postgres/search.ts');
      return openPostgres(to, snapshot, { name });
    },
  },
];

function targetOf(to: string): Target {
  const target = targets.find(({ takes }) => takes(to));
  if (target) return target;
  throw failure('index-address', { reason: 'does not begin with `postgres://`' });
}

/** The items, and the exact answers to queries of the data. */
async function measured(run: Run, { k = 100, queries = 500 }: IndexRequest) {
  const recommender = await run.recommender(true);
  const { snapshot } = recommender;
  const { truthOf } = await import('../serve/certificate.ts');
  const truth = truthOf(snapshot, await recommender.sample(queries), Math.min(k, snapshot.rows));
  return { snapshot, truth };
}

/** Whether an index can be written there, before a run is loaded. @throws Failure `index-address`, `index-server`, … */
export const checkIndexTarget = (request: Pick<IndexRequest, 'to' | 'table'>): Promise<void> =>
  targetOf(request.to).check(request);

/**
 * Writes an index of the items of a run, if it finds enough of what the exact scan finds.
 * @throws Failure `index-address`, `index-recall`, …
 */
export const indexItems = (run: Run, request: IndexRequest): Promise<Indexed> =>
  targetOf(request.to).write(run, request);

/** @throws Failure `index-address`, `index-missing`, `index-other`, … */
export const openIndex = (
  to: string,
  snapshot: Snapshot,
  options: { readonly table?: string } = {},
): Promise<SearchIndex> => targetOf(to).open(to, snapshot, options);
