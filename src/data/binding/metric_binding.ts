/** Binds the columns of the items that metrics name, such as the `genres` of `diversity(genres, 10)`. */
import { diagnose } from '../../base/diagnostics/diagnostic.ts';
import { findNearest } from '../../base/text/nearest.ts';
import type { ModelSpans } from '../../graph/plan/data_description.ts';
import type { ColumnBinding } from './column_binding.ts';
import type { BoundColumn, JoinKey } from './data_layout.ts';

/** Binds the columns of the items that metrics name, by column. A metric without a span is reported at the items file. */
export async function bindMetrics(
  binding: ColumnBinding,
  itemKey: JoinKey | undefined,
  metrics: NonNullable<NonNullable<ModelSpans['train']>['metrics']>,
): Promise<ReadonlyMap<string, BoundColumn>> {
  const columns = new Map<string, BoundColumn>();
  const { description, sources, entries, diagnostics } = binding;
  for (const { kind, arguments: metricArguments, span = description.items?.span ?? description.span } of metrics) {
    const { column: name } = metricArguments;
    if (typeof name !== 'string' || columns.has(name)) continue;
    if (itemKey?.inFile === undefined) {
      binding.reportMissing(
        span,
        `${kind}(${name})`,
        'a column of the items: add `items = "…" by …` to the data block',
      );
      continue;
    }
    const bound = await binding.attempt({ what: 'column', name, kind: 'any', scopes: [['items']], span });
    if ('column' in bound) columns.set(name, bound.column);
    else if (bound.diagnostic.code !== 'unfed-column') diagnostics.push(bound.diagnostic);
    else {
      const known = sources.get('items')!.columns.map((column) => column.name);
      for (const { name: entryName } of entries.values()) {
        if ('column' in (await binding.attempt({ what: 'column', name: entryName, kind: 'any', scopes: [['items']] })))
          known.push(entryName);
      }
      const facts = {
        what: 'column of the items',
        name,
        nearest: findNearest(name, known),
        known: [...new Set(known)],
      };
      diagnostics.push(diagnose('unknown-name', span, facts));
    }
  }
  return columns;
}
