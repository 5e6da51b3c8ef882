/** Prefixes for the rows of graph inputs, in input names and in symbols of lengths. */
import {
  type InputPlan,
  isViewPart,
  type PartRows,
  type PerRowItems,
  type RowsOf,
  type Sequences,
  type ViewPart,
  type ViewRows,
} from './plan.ts';

/** Returns the prefix of the names of graph inputs, so that the events' rows and each kind of drawn rows have inputs of their own. */
export function rowsPrefix(rows: RowsOf): string {
  return rows.kind === 'events' ? '' : `${rowsStem(rows)}/`;
}

/** Returns the symbol for the number of accidental hits among these rows. */
export function hitsSymbol(rows: RowsOf): string {
  return rows.kind === 'events' ? 'hits' : `hits_${rowsStem(rows)}`;
}

/** Returns the symbol for the number of these rows, which is not a multiple of the batch's. */
export function rowsSymbol(
  rows: Exclude<RowsOf, { readonly kind: 'events' | 'shared' | 'queue' } | PerRowItems>,
): string {
  if (isViewPart(rows)) return viewStem(rows);
  const partLength = partLengthOf(rows);
  return partLength === undefined ? rows.kind : `${rows.kind}_${partLength}`;
}

/** Returns the maximum length of the lists of a part of a batch, or of its sequences. */
const partLengthOf = (rows: RowsOf): number | undefined =>
  rows.kind === 'part' || rows.kind === 'sequences' || rows.kind === 'views' ? rows.length : undefined;

/**
 * Returns the numbers of rows of a batch's parts and pieces, by their symbols, for a step of maximum size: all rows are in the part of the longest lists, and
 * each other part has one padding row.
 */
export function largestSizes(
  inputs: readonly InputPlan[],
  { batch, sequences }: { readonly batch: number; readonly sequences: number },
): Readonly<Record<string, number>> {
  const partRows = inputs.flatMap(({ source }) => {
    const rows = 'rows' in source ? source.rows : undefined;
    return rows && partLengthOf(rows) !== undefined ? [rows as PartRows | Sequences | ViewPart] : [];
  });
  const longestPart = Math.max(...partRows.map(({ length }) => length!));
  const largestRows = { part: batch, sequences, views: sequences };
  const partSizes = partRows.map(
    (rows) => [rowsSymbol(rows), rows.length === longestPart ? largestRows[rows.kind] : 1] as const,
  );
  const pieceSizes = inputs.flatMap(({ source }) =>
    source.from === 'piece_rows' ? [['piece', Math.ceil(batch / source.pieces)] as const] : [],
  );
  const viewSizes = inputs.some(({ source }) => source.from === 'view_numbers') ? [['views', sequences] as const] : [];
  return Object.fromEntries([...partSizes, ...pieceSizes, ...viewSizes]);
}

/**
 * Returns the numbers of elements of lists that go through the item tower, by their symbols, for a step of maximum size: all lists are full, and no item is in
 * two of them.
 * @param corpus number of items
 */
export function largestElementCounts(
  inputs: readonly InputPlan[],
  { batch, corpus }: { readonly batch: number; readonly corpus: number },
): Readonly<Record<string, number>> {
  const listSources = inputs.flatMap(({ source }) => (source.from === 'element_places' ? [source] : []));
  if (listSources.length === 0) return {};
  const elementCounts = listSources.map(
    ({ feature, rows, most }) => [`${rowsPrefix(rows)}${feature}_elements`, batch * most] as const,
  );
  const maxByList = new Map(
    listSources.map(({ feature, rows, most }) => [
      rows.kind === 'views' ? `${rowsPrefix(rows)}${feature}` : feature,
      batch * most,
    ]),
  );
  const allElements = [...maxByList.values()].reduce((sum, count) => sum + count, 0);
  return { ...Object.fromEntries(elementCounts), elements: Math.min(corpus, allElements) };
}

const viewStem = ({ view, task, length }: ViewRows): string =>
  `view_${view}_${task}${length === undefined ? '' : `_${length}`}`;

function rowsStem(rows: Exclude<RowsOf, { readonly kind: 'events' }>): string {
  if (rows.kind === 'listed') return `listed_${rows.perRow}_${rows.feature}`;
  if (rows.kind === 'mined') return `mined_${rows.perRow}_of_${rows.best}_after_${rows.skip}_for_${rows.users}`;
  if (rows.kind === 'queue') return `queue_${rows.task}`;
  if (rows.kind === 'views') return viewStem(rows);
  if (rows.kind !== 'sampled' && rows.kind !== 'shared') return rowsSymbol(rows);
  const drawnBy = rows.power === undefined ? rows.by : `${rows.by}_${String(rows.power).replace('.', '_')}`;
  if (rows.kind === 'shared') return `shared_${rows.count}_${drawnBy}`;
  return `sampled_${rows.perRow}_${drawnBy}${rows.within === undefined ? '' : `_within_${rows.within}`}`;
}
