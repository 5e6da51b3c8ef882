import type { FeatureUse } from '../../library/contract.ts';
import { clockRows } from '../../library/features/time.ts';
import { usesOf } from '../../library/features/uses.ts';
import type { ArgumentNode, ExpressionNode } from '../../syntax/ast.ts';
import type { Rule } from '../resolution.ts';

/** In bytes, without the state of the optimizer. */
const defaultBudget = 2e9;

/** Sums the embedding tables whose size follows from the file. The size of a learned vocabulary is unknown until the data is read. */
export const tableBudget: Rule = ({ features, scope }, report, { tableBudget: budget = defaultBudget }) => {
  const sizes = [...usesOf(features)].map(([name, use]) => ({ name, bytes: tableBytes(use) }));
  const bytes = sizes.reduce((sum, size) => sum + size.bytes, 0);
  if (bytes <= budget) return;
  const largest = sizes
    .filter((size) => size.bytes > 0)
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, 3);
  const featureSpan = scope.features.get(largest[0]!.name)?.value.span;
  const names = largest.map(({ name }) => `\`${name}\``);
  report('table-over-budget', featureSpan, { bytes, budget, largest: names });
};

/** A feature that shares the table of another has none of its own. */
const tableBytes = ({ encoder, dim = 0, precision }: FeatureUse): number =>
  'owner' in encoder ? 0 : rows(encoder) * dim * (precision === 'bf16' ? 2 : 4);

/** Returns the number of table rows that the source determines; 0 for a vocabulary that is learned or read from a file. */
export function rows(encoder: Exclude<FeatureUse['encoder'], { readonly owner: string }>): number {
  switch (encoder.kind) {
    case 'hash':
      return encoder.buckets;
    case 'words':
    case 'bigrams':
    case 'trigrams':
      return encoder.file === undefined ? encoder.buckets : 0;
    case 'quantiles':
      return encoder.buckets + 1;
    case 'boundaries':
      return encoder.boundaries.length + 2;
    case 'clock':
      return clockRows(encoder.part);
    case 'vocabulary':
      return encoder.values ? encoder.values.length + 1 : 0;
    default:
      return 0;
  }
}

/** Narrower tables cost almost nothing. */
const narrow = 8;
/** The rows span at most as many dimensions as there are rows. Twice as many may be intentional. */
const tolerated = 2;

/** Reports a table that is much wider than its number of rows: a far narrower one could distinguish them. */
export const wideTable: Rule = ({ file, features, scope }, report) => {
  const reported = new Set<ExpressionNode>();
  for (const [name, use] of usesOf(features)) {
    const table = wideTableOf(use);
    if (!table) continue;
    const entry = scope.features.get(name);
    if (!entry || reported.has(entry.value) || entry.span.source !== file.span.source) continue;
    const enough = 2 ** Math.ceil(Math.log2(table.rows));
    const dim = dimIn(entry.value);
    reported.add(entry.value);
    const fixes = dim ? [[{ at: dim.value.span, text: String(enough) }]] : [];
    report('wide-table', dim?.span ?? entry.value.span, { name, ...table, enough }, { fixes });
  }
};

interface WideTableSize {
  readonly rows: number;
  readonly dim: number;
}

/** Returns undefined if another feature owns the table, or if the source does not determine its rows, as for a learned vocabulary. */
function wideTableOf({ encoder, dim = 0, along }: FeatureUse): WideTableSize | undefined {
  // A feature that is added to a list must have the width of that list.
  if ('owner' in encoder || along !== undefined) return undefined;
  const table = { rows: rows(encoder), dim };
  return table.rows === 0 || dim < narrow || dim <= tolerated * table.rows ? undefined : table;
}

/** Returns the argument `dim` of the feature or of its elements. */
function dimIn(value: ExpressionNode): ArgumentNode | undefined {
  if (value.kind !== 'Call') return undefined;
  const ownDim = value.arguments.find(({ name }) => name?.name === 'dim');
  return ownDim ?? value.arguments.map((argument) => dimIn(argument.value)).find((found) => found !== undefined);
}
