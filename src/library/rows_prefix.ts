import type { RowsOf } from '../lower/plan.ts';

/** What the names of graph inputs begin with, so that the events' rows and each kind of drawn rows have inputs of their own. */
export function rowsPrefix(rows: RowsOf): string {
  return rows.kind === 'events' ? '' : `sampled_${rows.perRow}_${rows.by}/`;
}

/** The symbol of how many accidental hits there are among these rows. */
export function hitsSymbol(rows: RowsOf): string {
  return rows.kind === 'events' ? 'hits' : `hits_sampled_${rows.perRow}_${rows.by}`;
}
