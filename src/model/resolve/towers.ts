/** Towers: what they let in, their key, and their steps in order. */
import { defined } from '../../defined.ts';
import { notes } from '../../diagnostics/notes.ts';
import type * as Ast from '../../syntax/ast.ts';
import { removal } from '../edits.ts';
import { groupsWithin } from '../groups.ts';
import { guess } from '../guess.ts';
import type { FlowStep } from '../model.ts';
import type { TowerInput, TowerPart, TowerStepPart } from '../resolution.ts';
import type { ResolvedParts } from '../resolved_parts.ts';
import { wordsOf } from '../words.ts';
import { read, type Workspace } from '../workspace.ts';
import type { Blocks } from './flows.ts';
import { labelExtra } from './labels.ts';
import { readsOf, resolveSource, type Surroundings, writtenSources } from './sources.ts';

type Groups = ReadonlyMap<string, readonly string[]>;

/** What is around a tower, and what was resolved before. */
export interface AroundTower {
  readonly groups: Groups;
  readonly blocks: Blocks;
  readonly parts: ResolvedParts;
}

export function resolveTower(workspace: Workspace, node: Ast.Tower, around: AroundTower): TowerPart {
  const { blocks, parts } = around;
  return parts.part(workspace, node, [], () => resolveAnew(workspace, node, around), blocks);
}

function resolveAnew(workspace: Workspace, node: Ast.Tower, { groups, blocks, parts }: AroundTower): TowerPart {
  const inputs = parts.part(workspace, node.inputs, [], () => resolveInputs(workspace, node, groups));
  const features = [...new Set(inputs.flatMap((input) => input.features))];
  const key = node.key && read(workspace, 'feature', workspace.scope.features, node.key);
  const order = parts.same(`steps of ${node.name.name}`, [...namesOfSteps(node)]);
  const opens = openingOf(inputs, features, groups);
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
    const resolve = () => resolveFlow(workspace, node, entry, { inputs, features, above: steps, groups }, blocks);
    const opened = wordsOf(sourceOf(entry)).map(opens);
    // What an output of a step above is depends on more of that step than its name.
    const { flow, begun, reads } = takesOutput(entry.flow)
      ? resolve()
      : parts.part(workspace, entry, [order, steps.length, ...opened], resolve, blocks);
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

/** What a flow begins with. */
const sourceOf = ({ flow }: Ast.TowerEntry): Ast.Expression => (flow.kind === 'Flow' ? (flow.steps[0] ?? flow) : flow);

/** What a word lets into a flow: the features of a group, a feature, or nothing. */
function openingOf(
  inputs: readonly TowerInput[],
  features: readonly string[],
  groups: Groups,
): (word: string) => unknown {
  const open = new Set([...features, ...inputs.flatMap((input) => [input.name, ...input.groups])]);
  return (word) => (open.has(word) ? (groups.get(word) ?? word) : undefined);
}

/** In order, each with whether it is a channel. */
function* namesOfSteps({ entries }: Ast.Tower): Iterable<string | boolean> {
  for (const { name, channel } of entries) {
    yield name.name;
    yield channel;
  }
}

/** Whether a name with a dot is anywhere in a flow: `shared.click`. */
function takesOutput(value: Ast.Expression): boolean {
  switch (value.kind) {
    case 'Name':
      return value.parts.length > 1;
    case 'Flow':
      return value.steps.some(takesOutput);
    case 'Call':
      return value.arguments.some((argument) => takesOutput(argument.value));
    default:
      return false;
  }
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
  tower: Ast.Tower,
  entry: Ast.TowerEntry,
  surroundings: Omit<Surroundings, 'tower' | 'entry'>,
  blocks: Blocks,
): Pick<TowerStepPart, 'flow' | 'begun' | 'reads'> {
  const [first, ...rest] = entry.flow.kind === 'Flow' ? entry.flow.steps : [entry.flow];
  const source = first && resolveSource(workspace, first, { ...surroundings, tower, entry }, blocks);
  const steps = rest.map(blocks.step);
  const reads = source ? readsOf(source) : first && writtenSources(first);
  if (!source || !reads) return defined({ reads });
  const invalid = steps.indexOf(undefined);
  const valid = (invalid === -1 ? steps : steps.slice(0, invalid)) as FlowStep[];
  const flow = { span: entry.flow.span, from: source, steps: valid };
  return invalid === -1 ? { reads, flow } : { reads, begun: flow };
}
