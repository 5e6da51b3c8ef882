/** `labels { … }`, and where one is declared. */
import { notes } from '../../../base/diagnostics/notes.ts';
import { labelKinds } from '../../library/declarations/labels.ts';
import type * as Ast from '../../syntax/ast.ts';
import { singleName } from '../calls.ts';
import { describeExpression } from '../describe.ts';
import { removal } from '../edits.ts';
import { guess } from '../guess.ts';
import type { Feature, Label } from '../model.ts';
import type { Workspace } from '../workspace.ts';

const types = Object.keys(labelKinds) as Label['type'][];

export function resolveLabels({ scope, report }: Workspace): ReadonlyMap<string, Label> {
  const labels = new Map<string, Label>();
  const reported = new Set<Ast.TypedEntryNode>();
  for (const [name, { value, name: at, entry }] of scope.labels) {
    const word = singleName(value)?.name;
    const type = types.find((known) => known === word);
    if (type) labels.set(name, { name, span: at.span, type });
    // The type of several names is one mistake.
    if (type || reported.has(entry)) continue;
    reported.add(entry);
    if (word === undefined) {
      const facts = { of: name, expected: '`binary` or `number`', found: describeExpression(value) };
      report('wrong-type', value.span, facts);
    } else {
      const { extra, ...meant } = guess(word, value.span, types, 'label');
      report('unknown-kind', value.span, { what: 'type of label', name: word, known: types, ...meant }, extra);
    }
  }
  return labels;
}

/** Where the label is declared, and the fix that takes it out of here. */
export function labelExtra(
  { scope, reads }: Workspace,
  name: string,
  at: Feature['span'],
): Parameters<Workspace['report']>[3] & {} {
  reads.label.add(name);
  return {
    notes: [{ message: notes.declared('label', name), at: scope.labels.get(name)!.name.span }],
    fixes: [[removal(at)]],
  };
}
