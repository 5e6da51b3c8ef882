import type { FeatureUse } from '../../library/contract.ts';
import { usesOf } from '../../library/features/uses.ts';
import type { ArgumentNode, ExpressionNode } from '../../syntax/ast.ts';
import type { Rule } from './rule.ts';
import { rows } from './table_budget.ts';

/** Narrower tables cost next to nothing. */
const narrow = 8;
/** Rows span no more dimensions than there are rows; twice as many may still be a matter of taste. */
const tolerated = 2;

/** A table much wider than it has rows: far fewer numbers could distinguish its rows. */
export const wideTable: Rule = {
  name: 'table wider than its vocabulary needs',
  check({ file, features, scope }, report) {
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
  },
};

interface Size {
  readonly rows: number;
  readonly dim: number;
}

/** Nothing where another feature owns the table, and where the text does not show its rows, as those of a learned vocabulary. */
function wideTableOf({ encoder, dim = 0, along }: FeatureUse): Size | undefined {
  // A sum with the list needs the width of the list.
  if ('owner' in encoder || along !== undefined) return undefined;
  const table = { rows: rows(encoder), dim };
  return table.rows === 0 || dim < narrow || dim <= tolerated * table.rows ? undefined : table;
}

/** The argument `dim`, of the feature or of its elements. */
function dimIn(value: ExpressionNode): ArgumentNode | undefined {
  if (value.kind !== 'Call') return undefined;
  const own = value.arguments.find(({ name }) => name?.name === 'dim');
  return own ?? value.arguments.map((argument) => dimIn(argument.value)).find((found) => found !== undefined);
}
