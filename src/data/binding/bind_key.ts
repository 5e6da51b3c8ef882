/** Binds the key of a tower, in events and in the file that is joined by it. */
import { defined } from '../../defined.ts';
import { diagnose } from '../../diagnostics/diagnose.ts';
import type { ColumnBinding } from './column_binding.ts';
import type { BoundColumn, JoinKey } from './layout.ts';
import type { TowerNeeds } from './needs.ts';

export async function bindKey(
  binding: ColumnBinding,
  role: 'items' | 'users',
  tower: TowerNeeds,
): Promise<JoinKey | undefined> {
  const { needs, diagnostics } = binding;
  const file = binding.description[role];
  const keyColumn = needs.features.find(({ name }) => name === tower.key)?.column ?? tower.key;
  const name = keyColumn ?? file?.by;
  if (name === undefined) return undefined;
  if (file !== undefined && file.by !== name) {
    const reason = `tower \`${tower.name}\` is keyed by \`${name}\``;
    const hint = `join by it: ${role} = "${file.path}" by ${name}`;
    diagnostics.push(diagnose('key-does-not-join', file.span, { key: file.by ?? '', file: role, reason, hint }));
    return undefined;
  }
  const inEvents = await binding.bind({ what: 'key', name, kind: 'text', scopes: [['events']] });
  const inFile = file && (await bindInFile(binding, role, name));
  if (inEvents === undefined || (file !== undefined && inFile === undefined)) return undefined;
  return { feature: tower.key ?? name, inEvents, ...defined({ inFile }) };
}

async function bindInFile(
  binding: ColumnBinding,
  role: 'items' | 'users',
  name: string,
): Promise<BoundColumn | undefined> {
  const { span } = binding.description[role]!;
  const request = { what: 'key', name, kind: 'text', scopes: [[role]], span } as const;
  const bound = await binding.attempt(request);
  if ('column' in bound) return bound.column;
  // A misspelt entry is reported with the key in events already.
  if (!binding.hasFailed(request)) {
    const { message, hint } = bound.diagnostic;
    binding.diagnostics.push(diagnose('key-does-not-join', span, { key: name, file: role, reason: message, hint }));
  }
  return undefined;
}
