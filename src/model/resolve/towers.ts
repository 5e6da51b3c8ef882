/** Towers: what they let in, their key, and their steps in order. */
import { notes } from '../../diagnostics/codes.ts';
import type * as Ast from '../../syntax/ast.ts';
import { nearest } from '../../text/nearest.ts';
import { singleName } from '../calls.ts';
import { describeExpression } from '../describe.ts';
import { insertion, removal } from '../edits.ts';
import type { Flow, FlowSource, FlowStep } from '../model.ts';
import { rename } from '../report.ts';
import type { TowerInput, TowerPart, TowerStepPart } from '../resolution.ts';
import { read, type Workspace } from '../workspace.ts';
import { labelExtra } from './features.ts';
import type { Blocks } from './flows.ts';

type Groups = ReadonlyMap<string, readonly string[]>;

export function resolveTower(workspace: Workspace, node: Ast.Tower, groups: Groups, blocks: Blocks): TowerPart {
  const inputs = resolveInputs(workspace, node, groups);
  const features = [...new Set(inputs.flatMap((input) => input.features))];
  const key = node.key && read(workspace, 'feature', workspace.scope.features, node.key);
  const steps: TowerStepPart[] = [];
  const seen = new Map<string, Ast.Identifier>();
  for (const entry of node.entries) {
    const { name, span } = entry.name;
    const first = seen.get(name) ?? node.inputs.find((input) => input.name === name);
    if (first) {
      const what = entry.channel ? 'channel' : 'step';
      const other = seen.has(name) ? 'step' : 'input';
      const message = notes.first(name);
      report(workspace, span, { what, name, other: other === 'step' ? what : other }, message, first);
    } else seen.set(name, entry.name);
    const { flow, from } = resolveFlow(workspace, node, entry, { inputs, features, above: steps, groups }, blocks);
    steps.push({
      name,
      span,
      node: entry,
      channel: entry.channel,
      ...(flow && !first ? { flow } : {}),
      ...(from === undefined ? {} : { from }),
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
  span: Ast.Identifier['span'],
  facts: { what: string; name: string; other: string },
  message: string,
  first: Ast.Identifier,
): void {
  workspace.report('repeated-name', span, facts, { notes: [{ message, at: first.span }] });
}

function resolveInputs(workspace: Workspace, node: Ast.Tower, groups: Groups): TowerInput[] {
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
      inputs.push({ name, span, features: groups.get(name) ?? [name] });
      if (groups.has(name)) reads.group.add(name);
      continue;
    }
    const near = nearest(name, [...groups.keys(), ...scope.features.keys()]);
    const known = [...groups.keys(), ...scope.features.keys()];
    const facts = { what: 'group or feature', name, nearest: near, known };
    workspace.report('unknown-name', span, facts, rename(span, near));
    if (near === undefined) {
      workspace.uncertain.add('feature');
      workspace.uncertain.add('group');
    } else {
      if (groups.has(near)) reads.group.add(near);
      inputs.push({ name: near, span, features: groups.get(near) ?? [near] });
    }
  }
  return inputs;
}

interface Surroundings {
  readonly inputs: readonly TowerInput[];
  readonly features: readonly string[];
  readonly above: readonly TowerStepPart[];
  readonly groups: Groups;
}

function resolveFlow(
  workspace: Workspace,
  tower: Ast.Tower,
  entry: Ast.TowerEntry,
  surroundings: Surroundings,
  blocks: Blocks,
): { readonly flow?: Flow; readonly from?: string } {
  const [first, ...rest] = entry.flow.kind === 'Flow' ? entry.flow.steps : [entry.flow];
  const source = first && resolveSource(workspace, tower, entry, first, surroundings);
  const steps = rest.map(blocks.step);
  const from = source?.name ?? (first && singleName(first)?.name);
  if (!source || steps.some((step) => step === undefined)) return from === undefined ? {} : { from };
  return { from: source.name, flow: { span: entry.flow.span, from: source, steps: steps as FlowStep[] } };
}

function resolveSource(
  workspace: Workspace,
  tower: Ast.Tower,
  entry: Ast.TowerEntry,
  expression: Ast.Expression,
  { inputs, features, above, groups }: Surroundings,
): FlowSource | undefined {
  const { report, scope, reads } = workspace;
  const { span } = expression;
  const expected = 'the name of an input or of a step above';
  if (expression.kind !== 'Name' || expression.parts.length !== 1) {
    workspace.uncertain.add('feature');
    report('not-a-flow', span, { found: describeExpression(expression), expected });
    return undefined;
  }
  const { name } = expression.parts[0]!;
  const open = (word: string): FlowSource | undefined => {
    if (above.some((step) => step.name === word)) return { kind: 'step', span, name: word };
    const input = inputs.find((candidate) => candidate.name === word);
    const opened = input?.features ?? (features.includes(word) ? [word] : undefined);
    if (!opened) return undefined;
    for (const feature of opened) reads.feature.add(feature);
    return { kind: 'features', span, name: word, features: opened };
  };

  const source = open(name);
  if (source) return source;
  if (tower.entries.some((other) => other.name.name === name)) {
    const at = tower.entries.find((other) => other.name.name === name)!.name.span;
    if (entry.name.name !== name || at !== entry.name.span) {
      report('read-before', span, { name }, { notes: [{ message: notes.declared('step', name), at }] });
    } else report('read-before', span, { name });
    return undefined;
  }
  if (scope.labels.has(name)) {
    const at = scope.labels.get(name)!.name.span;
    reads.label.add(name);
    report('label-as-feature', span, { name }, { notes: [{ message: notes.declared('label', name), at }] });
    return undefined;
  }
  if (groups.has(name) || scope.features.has(name)) {
    const other = otherSide(workspace, tower, name, groups);
    if (other) {
      const facts = { name, first: other.tower, second: tower.name.name, group: groups.has(name) };
      report('feature-both-sides', span, facts, {
        notes: [{ message: notes.read(other.tower, name), at: other.span }],
      });
      return undefined;
    }
    const last = tower.inputs.at(-1);
    const fix = last && insertion(last.span.source, last.span.end, `, ${name}`);
    for (const feature of groups.get(name) ?? [name]) reads.feature.add(feature);
    if (groups.has(name)) reads.group.add(name);
    report('not-an-input', span, { tower: tower.name.name, name }, fix ? { fixes: [[fix]] } : {});
    return undefined;
  }
  const candidates = [...above.map((step) => step.name), ...inputs.map((input) => input.name), ...features];
  const near = nearest(name, candidates);
  const facts = { what: 'input or step', name, nearest: near, known: candidates };
  report('unknown-name', span, facts, rename(span, near));
  if (near !== undefined) return open(near);
  workspace.uncertain.add('feature');
  return undefined;
}

/** Where another tower lets a feature or group in. */
function otherSide(
  { scope }: Workspace,
  tower: Ast.Tower,
  name: string,
  groups: Groups,
): { readonly tower: string; readonly span: Ast.Identifier['span'] } | undefined {
  const wanted = groups.get(name) ?? [name];
  for (const other of scope.towers.values()) {
    if (other === tower) continue;
    const input = other.inputs.find((candidate) =>
      (groups.get(candidate.name) ?? [candidate.name]).some((feature) => wanted.includes(feature)),
    );
    if (input) return { tower: other.name.name, span: input.span };
  }
  return undefined;
}
