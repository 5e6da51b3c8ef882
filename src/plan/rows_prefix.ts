import type { RowsOf } from './plan.ts';

/** What the names of graph inputs begin with, so that the events' rows and each kind of drawn rows have inputs of their own. */
export function rowsPrefix(rows: RowsOf): string {
  return rows.kind === 'events' ? '' : `${stem(rows)}/`;
}

/** The symbol of how many accidental hits there are among these rows. */
export function hitsSymbol(rows: RowsOf): string {
  return rows.kind === 'events' ? 'hits' : `hits_${stem(rows)}`;
}

function stem(rows: Exclude<RowsOf, { readonly kind: 'events' }>): string {
  if (rows.kind === 'distinct' || rows.kind === 'corpus' || rows.kind === 'sequences') return rows.kind;
  const by = rows.power === undefined ? rows.by : `${rows.by}_${String(rows.power).replace('.', '_')}`;
  return rows.kind === 'sampled' ? `sampled_${rows.perRow}_${by}` : `shared_${rows.count}_${by}`;
}
