/** Chooses whether each worker holds all rows of all tables, or workers share them: sharing makes room for larger tables. */
import { failure } from '../../base/diagnostics/failure.ts';
import type { Dataset } from '../../data/dataset.ts';
import type { WorkerGroup } from '../../engines/group.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import { freeBytes } from '../embedding/table_memory.ts';
import { tableBytes } from '../embedding/table_size.ts';
import { tableSizes } from '../embedding/tables.ts';
import { jsonBytes, parsedJson } from './talk.ts';

export type TableLayout = 'replicated' | 'sharded';

export interface LayoutChosen {
  readonly layout: TableLayout;
  readonly bytes: number;
  readonly isAsked: boolean;
}

/** Names what needs all rows of a table in one process: the user's words. */
export const unshared = ({ train }: Pick<Plan, 'train'>): string | undefined =>
  // Each step reads all rows of both tables, once for each layer and back: workers would send whole tables.
  train.graph === undefined ? undefined : 'tables that `graph` connects';

/** The part of the memory of a machine that tables may take: rows, the engine and a step need some too. */
const memoryShare = 0.6;

/**
 * The same on all workers: they share tables where one asks for it, or where they do not fit on one of them.
 * @throws Failure `workers-unsupported`, `workers-differ`
 */
export async function chooseLayout(
  group: WorkerGroup,
  { plan, dataset, asked }: { plan: Plan; dataset: Dataset; asked: TableLayout | undefined },
): Promise<LayoutChosen> {
  const bytes = tableSizes(plan, dataset.encodings).reduce((sum, table) => sum + tableBytes(table), 0);
  const unsharedPart = unshared(plan);
  if (asked === 'sharded' && unsharedPart !== undefined)
    throw failure('workers-unsupported', { what: unsharedPart, areTables: true });
  const ownMachine = group.machines[group.rank];
  const onThisMachine = group.machines.filter((machine) => machine === ownMachine).length;
  const fitsMemory = bytes <= (memoryShare * freeBytes()) / onThisMachine;
  const answers = await group.exchange(jsonBytes({ asked: asked ?? null, fits: fitsMemory }), { isPatient: true });
  const requests = answers.map((bytes) => parsedJson<{ asked: TableLayout | null; fits: boolean }>(bytes));
  const differingWorker = requests.findIndex((each) => each.asked !== requests[0]!.asked);
  if (differingWorker > 0) throw failure('workers-differ', { worker: differingWorker, what: '`--tables`' });
  const chosenLayout = requests.some((each) => !each.fits) && unsharedPart === undefined ? 'sharded' : 'replicated';
  return { layout: asked ?? chosenLayout, bytes, isAsked: asked !== undefined };
}
