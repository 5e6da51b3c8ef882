/** Resolves towers: what they let in, their key, and their steps in order, each with where its flow begins. */
import { notes } from '../../../base/diagnostics/notes.ts';
import { textOf } from '../../../base/text/source.ts';
import { defined } from '../../../base/util/defined.ts';
import type * as Ast from '../../syntax/ast.ts';
import { describeExpression } from '../describe.ts';
import { guess } from '../guess.ts';
import type { Library } from '../library.ts';
import type { Call, FlowPart, FlowSource, FlowStep } from '../model.ts';
import { groupsWithin } from '../references.ts';
import { insertion, noteAt, removal, repeats } from '../report.ts';
import type { ResolvedStep, ResolvedTower, SourceName, TowerInput } from '../resolution.ts';
import { read, type Workspace } from '../scope.ts';
import type { ReadStep } from './blocks.ts';
import { labelExtra } from './features.ts';

export function resolveTower(workspace: Workspace, node: Ast.Tower, groups: Groups, readStep: ReadStep): ResolvedTower {
  const inputs = resolveInputs(workspace, node, groups);
  const features = [...new Set(inputs.flatMap((input) => input.features))];
  const key = node.key && read(workspace, 'feature', workspace.scope.features, node.key);
  const steps: ResolvedStep[] = [];
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
      const extra = repeats(name, first.span, span);
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
  surroundings: FlowScope,
  readStep: ReadStep,
): Pick<ResolvedStep, 'flow' | 'begun' | 'reads'> {
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

type Groups = ReadonlyMap<string, readonly string[]>;

interface FlowScope {
  readonly tower: Ast.Tower;
  readonly entry: Ast.TowerEntry;
  readonly inputs: readonly TowerInput[];
  readonly features: readonly string[];
  readonly above: readonly ResolvedStep[];
  readonly groups: Groups;
}

function resolveSource(
  workspace: Workspace,
  expression: Ast.Expression,
  around: FlowScope,
  readStep: ReadStep,
): FlowSource | undefined {
  if (expression.kind !== 'Call') return resolvePart(workspace, expression, around);
  const parts: Ast.Expression[] = [];
  const others: Ast.Argument[] = [];
  for (const argument of expression.arguments) {
    if (argument.name === undefined && isPart(workspace, expression, argument.value, around))
      parts.push(argument.value);
    else others.push(argument);
  }
  // A block that is given nothing to begin with.
  if (parts.length === 0) return resolvePart(workspace, expression, around);
  const found = parts.map((part) => resolvePart(workspace, part, around));
  const block = readStep({ ...expression, arguments: others });
  if (block?.kind === 'declared') {
    const { name } = block;
    const written = parts.map(({ span }) => textOf(span));
    const values = others.map(({ span }) => textOf(span));
    const from = written.length === 1 ? written[0]! : `concat(${written.join(', ')})`;
    const flow = `${from} -> ${values.length === 0 ? name : `${name}(${values.join(', ')})`}`;
    // Several values side by side are fields or a vector: only one is certain.
    const fixes = written.length === 1 ? [[{ at: expression.span, text: flow }]] : [];
    workspace.report('block-arguments', expression.span, { name, flow }, { fixes });
    return undefined;
  }
  if (!block || found.some((part) => part === undefined)) return undefined;
  return { kind: 'join', span: expression.span, call: block.call, parts: found as FlowPart[] };
}

function readsOf(source: FlowSource): readonly SourceName[] {
  if (source.kind === 'join') return source.parts.flatMap(readsOf);
  const output = source.kind === 'step' ? source.output : undefined;
  return [{ name: source.name, ...defined({ output }) }];
}

/** Returns the names of a source that is not valid; nothing where it is not made of names. */
function writtenSources(expression: Ast.Expression): readonly SourceName[] | undefined {
  if (expression.kind === 'Call') {
    const parts = expression.arguments.filter(({ name }) => !name).map(({ value }) => writtenSources(value));
    return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
  }
  if (expression.kind !== 'Name' || expression.parts.length > 2) return undefined;
  const [name, output] = expression.parts;
  return [{ name: name!.name, ...defined({ output: output?.name }) }];
}

/** True if an argument without a name is a value to begin with: any name that is not a word of the block's own. */
function isPart(
  { library, scope, constants }: Workspace,
  call: Ast.Call,
  value: Ast.Expression,
  around: FlowScope,
): boolean {
  const kind = call.callee.name;
  const parameters = Object.hasOwn(library.blocks, kind) ? Object.entries(library.blocks[kind]!.parameters) : [];
  if (value.kind !== 'Name') return value.kind === 'Flow' && !parameters.some(([, { type }]) => type.is === 'flow');
  const word = value.parts[0]!.name;
  const { above, inputs, features } = around;
  if (above.some(({ name }) => name === word) || inputs.some(({ name }) => name === word)) return true;
  if (features.includes(word) || inputs.some(({ groups }) => groups.includes(word))) return true;
  if (constants.has(word)) return false;
  return !parameters.some(
    ([parameter, { type }]) =>
      (type.is === 'choice' && type.of.includes(word)) ||
      (type.is === 'flag' && parameter === word) ||
      type.is === 'flow' ||
      (type.is === 'name' && type.of === 'task' && scope.tasks.has(word)),
  );
}

function resolvePart(workspace: Workspace, expression: Ast.Expression, around: FlowScope): FlowPart | undefined {
  const { report } = workspace;
  if (expression.kind !== 'Name' || expression.parts.length > 2) {
    workspace.uncertain.add('feature');
    const expected = 'the name of an input or of a step above';
    report('not-a-flow', expression.span, { found: describeExpression(expression), expected });
    return undefined;
  }
  const [name, output] = expression.parts;
  const source = resolveName(workspace, name!, around);
  if (!output || !source) return source && { ...source, span: expression.span };
  const step = around.above.find((candidate) => candidate.name === source.name);
  const outputs = step ? outputsOf(workspace.library, step, around.above) : [];
  // The step has a mistake of its own.
  if (outputs === undefined) return undefined;
  if (outputs.length === 0) {
    const at = { ...output.span, start: name!.span.end };
    report('no-outputs', output.span, { name: source.name, output: output.name }, { fixes: [[removal(at)]] });
    return undefined;
  }
  const { nearest: near, extra } = guess(output.name, output.span, outputs);
  if (near !== output.name) {
    const facts = { what: `output of \`${source.name}\``, name: output.name, nearest: near, known: outputs };
    report('unknown-name', output.span, facts, extra);
    if (near === undefined) return undefined;
  }
  return { kind: 'step', span: expression.span, name: source.name, output: near };
}

/** A step above, or an input: a group of features or one of them. A misspelt name is taken as the nearest. */
function resolveName(
  workspace: Workspace,
  { name, span }: Ast.Identifier,
  { tower, entry, inputs, features, above, groups }: FlowScope,
): FlowPart | undefined {
  const { report, scope, reads } = workspace;
  const open = (word: string): FlowPart | undefined => {
    if (above.some((step) => step.name === word)) return { kind: 'step', span, name: word };
    const input = inputs.find((candidate) => candidate.name === word);
    const inner = inputs.some((candidate) => candidate.groups.includes(word)) ? groups.get(word) : undefined;
    const opened = input?.features ?? inner ?? (features.includes(word) ? [word] : undefined);
    if (!opened) return undefined;
    for (const feature of opened) reads.feature.add(feature);
    return { kind: 'features', span, name: word, features: opened };
  };

  const source = open(name);
  if (source) return source;
  if (tower.entries.some((other) => other.name.name === name)) {
    const at = tower.entries.find((other) => other.name.name === name)!.name.span;
    if (entry.name.name !== name || at !== entry.name.span) {
      report('read-before', span, { name }, noteAt(notes.declared('step', name), at));
    } else report('read-before', span, { name });
    return undefined;
  }
  if (scope.labels.has(name)) {
    const at = scope.labels.get(name)!.name.span;
    reads.label.add(name);
    report('label-as-feature', span, { name }, noteAt(notes.declared('label', name), at));
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
    // An input that nothing is called may be this one.
    if (new Set(tower.inputs.map((input) => input.name)).size > inputs.length) return undefined;
    report('not-an-input', span, { tower: tower.name.name, name }, defined({ fixes: fix && [[fix]] }));
    return undefined;
  }
  const letIn = inputs.flatMap((input) => [input.name, ...input.groups]);
  const candidates = [...above.map((step) => step.name), ...letIn, ...features];
  const { nearest: near, extra } = guess(name, span, candidates);
  report('unknown-name', span, { what: 'input or step', name, nearest: near, known: [...new Set(candidates)] }, extra);
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

/** None for a step that gives one value; nothing where the step is not valid. */
export function outputsOf(
  library: Library,
  { flow }: ResolvedStep,
  above: readonly ResolvedStep[],
): readonly string[] | undefined {
  if (!flow) return undefined;
  const last = flow.steps.at(-1);
  if (last) return ofStep(library, last);
  const { from } = flow;
  if (from.kind === 'join') return ofCall(library, from.call);
  if (from.kind === 'features' || from.output !== undefined) return [];
  const step = above.find(({ name }) => name === from.name);
  return step ? outputsOf(library, step, above) : [];
}

function ofStep(library: Library, step: FlowStep): readonly string[] {
  if (step.kind === 'block') return ofCall(library, step.call);
  const last = step.steps.at(-1);
  return last ? ofStep(library, last) : [];
}

function ofCall(library: Library, call: Call): readonly string[] {
  const last = repeatedSteps(library, call).at(-1);
  return last ? ofStep(library, last) : (library.blocks[call.kind]?.outputs?.(call.arguments) ?? []);
}

/** The steps of a flow that a block goes through and gives the result of: `repeat(2, dense(8) -> dropout)`. */
export function repeatedSteps({ blocks }: Library, call: Call): readonly FlowStep[] {
  if (!blocks[call.kind]?.times) return [];
  return Object.values(call.arguments).flatMap((value) =>
    typeof value === 'object' && value !== null && 'flow' in value ? (value.flow as readonly FlowStep[]) : [],
  );
}
