/** Towers: what they let in, their key, and their steps in order. */
import { notes } from '../../../base/diagnostics/notes.ts';
import { defined } from '../../../base/util/defined.ts';
import type * as Ast from '../../syntax/ast.ts';
import { removal } from '../edits.ts';
import { groupsWithin } from '../groups.ts';
import { guess } from '../guess.ts';
import type { FlowStep } from '../model.ts';
import type { TowerInput, TowerPart, TowerStepPart } from '../resolution.ts';
import { read, type Workspace } from '../workspace.ts';
import type { ReadStep } from './block_reading.ts';
import { labelExtra } from './labels.ts';
import { readsOf, resolveSource, type Surroundings, writtenSources } from './sources.ts';

type Groups = ReadonlyMap<string, readonly string[]>;

export function resolveTower(workspace: Workspace, node: Ast.TowerNode, groups: Groups, readStep: ReadStep): TowerPart {
  const inputs = resolveInputs(workspace, node, groups);
  const features = [...new Set(inputs.flatMap((input) => input.features))];
  const key = node.key && read(workspace, 'feature', workspace.scope.features, node.key);
  const steps: TowerStepPart[] = [];
  const seen = new Map<string, Ast.IdentifierNode>();
  for (const entry of node.entries) {
    const { name, span } = entry.name;
    const first = seen.get(name) ?? node.inputs.find((input) => input.name === name);
    if (first) {
      const what = entry.channel ? 'channel' : 'step';
      const other = seen.has(name) ? 'step' : 'input';
      const message = notes.first(name);
      report(workspace, span, { what, name, other: other === 'step' ? what : other }, message, first);
    } else seen.set(name, entry.name);
    const surroundings = { inputs, features, above: steps, groups, tower: node, entry };
    const { flow, begun, reads } = resolveFlow(workspace, surroundings, readStep);
    steps.push({
      name,
      span,
      node: entry,
      channel: entry.channel,
      ...(flow && !first ? { flow } : {}),
      ...(begun && !first ? { begun } : {}),
      ...defined({ reads }),
    });
  }
  return {
    name: node.name.name,
    span: node.name.span,
    node,
    inputs,
    features,
    ...(key && node.key ? { key: { ...node.key, name: key.name } } : {}),
    steps,
  };
}

function report(
  workspace: Workspace,
  span: Ast.IdentifierNode['span'],
  facts: { what: string; name: string; other: string },
  message: string,
  first: Ast.IdentifierNode,
): void {
  workspace.report('repeated-name', span, facts, { notes: [{ message, at: first.span }] });
}

function resolveInputs(workspace: Workspace, node: Ast.TowerNode, groups: Groups): TowerInput[] {
  const { scope, reads } = workspace;
  const inputs: TowerInput[] = [];
  for (const input of node.inputs) {
    const { name, span } = input;
    if (scope.labels.has(name)) {
      workspace.report('label-as-feature', span, { name }, labelExtra(workspace, name, span));
      continue;
    }
    const first = node.inputs.find((other) => other.name === name);
    if (first !== input && first) {
      const extra = { notes: [{ message: notes.first(name), at: first.span }], fixes: [[removal(span)]] };
      workspace.report('repeated-name', span, { what: 'input', name, other: 'input' }, extra);
      continue;
    }
    if (groups.has(name) || scope.features.has(name)) {
      inputs.push({ name, span, features: groups.get(name) ?? [name], groups: groupsWithin(scope, name) });
      if (groups.has(name)) reads.group.add(name);
      continue;
    }
    const known = [...groups.keys(), ...scope.features.keys()];
    const { nearest: near, extra } = guess(name, span, known);
    workspace.report('unknown-name', span, { what: 'group or feature', name, nearest: near, known }, extra);
    if (near === undefined) {
      workspace.uncertain.add('feature');
      workspace.uncertain.add('group');
    } else {
      if (groups.has(near)) reads.group.add(near);
      inputs.push({ name: near, span, features: groups.get(near) ?? [near], groups: groupsWithin(scope, near) });
    }
  }
  return inputs;
}

function resolveFlow(
  workspace: Workspace,
  surroundings: Surroundings,
  readStep: ReadStep,
): Pick<TowerStepPart, 'flow' | 'begun' | 'reads'> {
  const { entry } = surroundings;
  const [first, ...rest] = entry.flow.kind === 'Flow' ? entry.flow.steps : [entry.flow];
  const source = first && resolveSource(workspace, first, surroundings, readStep);
  const steps = rest.map(readStep);
  const reads = source ? readsOf(source) : first && writtenSources(first);
  if (!source || !reads) return defined({ reads });
  const invalid = steps.indexOf(undefined);
  const valid = (invalid === -1 ? steps : steps.slice(0, invalid)) as FlowStep[];
  const flow = { span: entry.flow.span, from: source, steps: valid };
  return invalid === -1 ? { reads, flow } : { reads, begun: flow };
}
