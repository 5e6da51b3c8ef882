/** Binds everything that a data block and a model read of its files: keys, features, labels, the entries of the block. */
import { defined } from '../../defined.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { DataDescription, Model } from '../../model/model.ts';
import type { Role } from '../files/files.ts';
import { type BoundKeys, bindFeatures } from './bind_feature.ts';
import { bindKey } from './bind_key.ts';
import type { Binder } from './binder.ts';
import { anywhere, ColumnBinding } from './column_binding.ts';
import { type BoundColumn, type ColumnKind, columnsOfLayout, type Layout } from './layout.ts';
import type { Needs } from './needs.ts';

export async function bindLayout(
  binder: Binder,
  description: DataDescription,
  needs: Needs,
  model: Model | undefined,
): Promise<{ readonly layout: Layout; readonly diagnostics: readonly Diagnostic[] }> {
  const binding = new ColumnBinding(binder, description, needs, model);
  const [query, item] = needs.towers;
  const userKey = await bindKey(binding, 'users', query);
  const itemKey = await bindKey(binding, 'items', item);
  const { features, histories, listWeights } = await bindFeatures(binding, { userKey, itemKey });
  const labels = await bindLabels(binding);
  const time = await bindEntry(binding, 'time', description.time, 'time');
  const where = await bindEntry(binding, 'where', description.where, 'condition');
  const fold = await bindFold(binding);
  checkSplit(binding, { userKey, itemKey });
  const title = itemKey && (await bindTitle(binding));
  const layout: Layout = {
    ...{ sources: binding.sources, features, labels, histories, listWeights },
    ...defined({ userKey, itemKey, time, where, fold, title }),
  };
  await bindUnread(binding, layout);
  return { layout, diagnostics: binding.diagnostics };
}

async function bindLabels(binding: ColumnBinding): Promise<Layout['labels']> {
  const labels = new Map<string, BoundColumn>();
  for (const { name, sort: kind } of binding.needs.labels) {
    const column = await binding.bind({ what: 'label', name, kind, scopes: anywhere });
    if (column !== undefined) labels.set(name, column);
  }
  return labels;
}

async function bindEntry(
  binding: ColumnBinding,
  what: string,
  entry: DataDescription['time'],
  kind: ColumnKind,
): Promise<BoundColumn | undefined> {
  return entry && binding.bind({ what, name: what, kind, scopes: anywhere, ...entry });
}

async function bindFold(binding: ColumnBinding): Promise<BoundColumn | undefined> {
  const { split } = binding.description;
  if (split.kind !== 'column') return undefined;
  return binding.bind({ what: 'split column', name: split.column, kind: 'text', scopes: anywhere });
}

/** Reports what the split needs and the data block does not have. */
function checkSplit(binding: ColumnBinding, { userKey }: BoundKeys): void {
  const { split, span, time } = binding.description;
  const [query] = binding.needs.towers;
  if (time === undefined && (split.kind === 'by_time' || split.kind === 'leave_one_out')) {
    binding.missing(span, `split = ${split.kind}`, 'a time: add `time = "…"` to the data block');
  }
  if (split.kind === 'leave_one_out' && userKey === undefined && query.key === undefined) {
    const needed = `to know the user: key the tower, \`tower ${query.name}(…) keyed by …\``;
    binding.missing(span, 'split = leave_one_out', needed);
  }
}

/** A column called `title`, if there is one: of the items, else of the events. */
async function bindTitle(binding: ColumnBinding): Promise<BoundColumn | undefined> {
  const role: Role = binding.sources.has('items') ? 'items' : 'events';
  const own = binding.sources.get(role)!.columns.some(({ name }) => name.toLowerCase() === 'title');
  if (!own && !binding.entries.has('title')) return undefined;
  return binding.bind({ what: 'column', name: 'title', kind: 'text', scopes: [[role]] });
}

/** Columns that this model does not read must still be computable: a data block serves many models. */
async function bindUnread(binding: ColumnBinding, layout: Layout): Promise<void> {
  const { features, labels } = binding.needs;
  // An entry called `time` or `where` is not the block's own.
  const { time, where, ...others } = layout;
  const read = new Set([
    ...features.flatMap(({ column, weights }) => (weights === undefined ? [column] : [column, weights])),
    ...labels.map(({ name }) => name),
    ...columnsOfLayout(others).map(({ name }) => name),
  ]);
  const scopes: readonly (readonly Role[])[] = [...anywhere, ['items'], ['users']];
  for (const entry of binding.entries.values()) {
    if (read.has(entry.name)) continue;
    const bound = await binding.attempt({ what: 'column', kind: 'any', scopes, ...entry });
    if ('diagnostic' in bound) binding.diagnostics.push(bound.diagnostic);
  }
}
