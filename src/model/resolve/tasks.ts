/** Tasks: a score, a loss, the label it learns and the weight of each row. */

import { defined } from '../../defined.ts';
import { notes } from '../../diagnostics/notes.ts';
import type * as Ast from '../../syntax/ast.ts';
import { bindKind } from '../arguments.ts';
import { singleName } from '../calls.ts';
import { describeExpression } from '../describe.ts';
import { entriesByName } from '../entries.ts';
import { taskEntries } from '../entry_names.ts';
import type { TaskPart, TowerPart } from '../resolution.ts';
import { read, type Workspace } from '../workspace.ts';
import { resolveScore } from './scores.ts';

export function resolveTask(workspace: Workspace, node: Ast.Task, towers: ReadonlyMap<string, TowerPart>): TaskPart {
  const { report, library, binding } = workspace;
  const of = `task \`${node.name.name}\``;
  const names = Object.keys(taskEntries) as (keyof typeof taskEntries)[];
  const entries = entriesByName(of, node.entries, names, report, 'task');
  for (const [name, example] of [
    ['score', 'score = cosine(user, item)'],
    ['loss', 'loss = softmax(in_batch, temperature: 0.1)'],
  ] as const) {
    // An entry that has no place may be this one.
    const strange = node.entries.length > entries.size;
    if (!entries.has(name) && !strange) report('missing-entry', node.name.span, { of, name, example });
  }

  const scoreEntry = entries.get('score');
  if (!scoreEntry) workspace.uncertain.add('channel');
  const score = scoreEntry && resolveScore(workspace, scoreEntry.value, towers);
  const lossEntry = entries.get('loss');
  const loss = lossEntry && bindKind('loss', library.losses, lossEntry.value, binding);
  const label = entries.get('label');
  const labelName = label && resolveLabel(workspace, label.value, 'label');
  const weight = entries.get('weight');
  const weightName = weight && resolveWeight(workspace, weight.value);
  const only = entries.get('only');
  const onlyName = only && resolveOnly(workspace, only.value);
  return {
    name: node.name.name,
    span: node.name.span,
    node,
    ...defined({ score, loss, label: labelName, weight: weightName, only: onlyName }),
    saysLabel: label !== undefined,
  };
}

function resolveLabel(workspace: Workspace, value: Ast.Expression, of: 'label' | 'only'): Ast.Identifier | undefined {
  const { scope, report } = workspace;
  const name = singleName(value);
  if (!name) {
    workspace.uncertain.add('label');
    const facts = { of, expected: 'the name of a label', found: describeExpression(value) };
    report('wrong-type', value.span, facts);
    return undefined;
  }
  const feature = scope.labels.has(name.name) ? undefined : scope.features.get(name.name);
  if (feature) {
    const note = { message: notes.declared('feature', name.name), at: feature.name.span };
    report('feature-as-label', name.span, { name: name.name }, { notes: [note] });
    return undefined;
  }
  const found = read(workspace, 'label', scope.labels, name);
  return found && { ...name, name: found.name };
}

/** A binary label. */
function resolveOnly(workspace: Workspace, value: Ast.Expression): Ast.Identifier | undefined {
  const name = resolveLabel(workspace, value, 'only');
  const declared = name && workspace.scope.labels.get(name.name);
  // Any other sort is a mistake of its own.
  if (!name || !declared || singleName(declared.value)?.name !== 'number') return name;
  const note = { message: notes.declared('label', name.name), at: declared.name.span };
  workspace.report('only-not-binary', name.span, { name: name.name }, { notes: [note] });
  return undefined;
}

function resolveWeight(workspace: Workspace, value: Ast.Expression): Ast.Identifier | undefined {
  const { scope, report, reads } = workspace;
  const name = singleName(value);
  if (!name) {
    workspace.uncertain.add('label');
    const facts = { of: 'weight', expected: 'the name of a label or feature', found: describeExpression(value) };
    report('wrong-type', value.span, facts);
    return undefined;
  }
  if (scope.features.has(name.name)) {
    reads.feature.add(name.name);
    return name;
  }
  const found = read(workspace, 'label', scope.labels, name);
  return found && { ...name, name: found.name };
}
