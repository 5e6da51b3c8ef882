/** Whether each worker holds all rows of all tables, or workers share them: those that they share make room for larger tables. */
import type { Dataset } from '../../data/dataset.ts';
import { failure } from '../../diagnostics/failure.ts';
import { freeBytes } from '../../embedding/available_memory.ts';
import { tableBytes } from '../../embedding/table_size.ts';
import { tableSizes } from '../../embedding/tables.ts';
import type { Group } from '../../engine/group.ts';
import type { Plan } from '../../plan/plan.ts';

export type TableLayout = 'replicated' | 'sharded';

export interface LayoutChosen {
  readonly layout: TableLayout;
  /** Of all tables with their optimizers' state. */
  readonly bytes: number;
  readonly isAsked: boolean;
}

/** What needs all rows of a table in one process: the user's words. */
export const unshared = ({ train }: Pick<Plan, 'train'>): string | undefined =>
  // Each step reads all rows of both tables, once for each layer and back: workers would send whole tables.
  train.graph === undefined ? undefined : 'tables that `graph` connects';

/** The part of the memory of a machine that tables may take: rows, the engine and a step need some too. */
const share = 0.6;

/**
 * The same on all workers: they share tables where one asks for it, or where they do not fit on one of them.
 * @throws Failure `workers-unsupported`, `workers-differ`
 */
export async function chooseLayout(
  group: Group,
  {
    plan,
    dataset,
    asked,
  }: {
    readonly plan: Plan;
    readonly dataset: Dataset;
    readonly asked: TableLayout | undefined;
  },
): Promise<LayoutChosen> {
  const bytes = tableSizes(plan, dataset.encodings).reduce((sum, table) => sum + tableBytes(table), 0);
  const cannot = unshared(plan);
  if (asked === 'sharded' && cannot !== undefined)
    throw failure('workers-unsupported', { what: cannot, areTables: true });
  const own = group.machines[group.rank];
  const onThisMachine = group.machines.filter((machine) => machine === own).length;
  const fits = bytes <= (share * freeBytes()) / onThisMachine;
  const said = JSON.stringify({ asked: asked ?? null, fits });
  const heard = (await group.exchange(new TextEncoder().encode(said), { isPatient: true })).map(
    (text) => JSON.parse(new TextDecoder().decode(text)) as { asked: TableLayout | null; fits: boolean },
  );
  const other = heard.findIndex((each) => each.asked !== heard[0]!.asked);
  if (other > 0) throw failure('workers-differ', { worker: other, what: '`--tables`' });
  const chosen = heard.some((each) => !each.fits) && cannot === undefined ? 'sharded' : 'replicated';
  return { layout: asked ?? chosen, bytes, isAsked: asked !== undefined };
}
