/** The formulas of the library as tables of docs/spec.md: a new kind needs no edit there. */
import type { LossKind } from '../../src/compiler/library/contract.ts';
import { kindsOf, type LibraryKind, sections } from '../../src/editor/reference/examples.ts';

/** A mark, the table that `npm run generate` writes, and the mark of its end. */
const marked = /^(<!-- formulas: (\w+)(?: (with|without) columns)? -->\n)[\s\S]*?^(<!-- end of formulas -->)$/gm;

/** The specification with its tables of formulas written anew. Throws for a mark of a table that the library does not have. */
export function withFormulas(spec: string): string {
  return spec.replace(marked, (_, start: string, table: string, columns: string | undefined, end: string) => {
    const section = sections.find((one) => one.table === table);
    if (!section) throw new Error(`docs/spec.md: the library has no table \`${table}\``);
    const kinds = kindsOf(section).filter(
      (kind) => columns === undefined || (columns === 'with') === comparesColumns(kind),
    );
    const rows = kinds.map(
      ({ name, row }) => `| [${name}](reference/${table}.md#${name}) | ${cell(row.formula ?? [])} |`,
    );
    return `${start}\n| ${section.what} | formula |\n|---|---|\n${rows.join('\n')}\n\n${end}`;
  });
}

/** Whether a loss compares an item with others, which are its columns. */
const comparesColumns = ({ row }: LibraryKind): boolean => (row as LossKind).needsItemKey;

/** Code keeps `_` and `*` as they are; a table needs its own `|` escaped. */
const cell = (formula: readonly string[]): string =>
  formula.map((line) => `\`${line.replaceAll('|', '\\|')}\``).join('<br>');
