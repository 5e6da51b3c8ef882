/**
 * Resolves towers: their inputs, key, and steps in order, each with the source of its flow. Long because sources contain each other.
 */
import { notes } from '../../../base/diagnostics/wording.ts';
import { spanText } from '../../../base/text/source.ts';
import type * as Ast from '../../syntax/ast.ts';
import { translateSpan } from '../../syntax/foreign_calls.ts';
import { describeExpression } from '../describe.ts';
import { asCall, flatText, isArithmetic, operandsOf, partsOfExpression, stepsOf } from '../expressions.ts';
import { find } from '../guess.ts';
import { type Library, rowIn } from '../library.ts';
import { type Call, type FlowPart, type FlowSource, type FlowStep, flowsOf, partsOf } from '../model.ts';
import { declares, reads as readsWord, stepSymbol } from '../occurrences.ts';
import { groupsWithin } from '../references.ts';
import { insertion, noteAt, removal, repeats } from '../report.ts';
import type { ResolvedStep, ResolvedTower, SourceName, TowerInput } from '../resolution.ts';
import { read, type Workspace } from '../scope.ts';
import type { ReadStep } from './resolve_blocks.ts';
import { labelExtra } from './resolve_features.ts';

export function resolveTower(
  workspace: Workspace,
  node: Ast.TowerNode,
  groups: Groups,
  readStep: ReadStep,
): ResolvedTower {
  const inputs = resolveInputs(workspace, node, groups);
  const features = [...new Set(inputs.flatMap((input) => input.features))];
  const key = node.key && read(workspace, 'feature', workspace.scope.features, node.key);
  const steps: ResolvedStep[] = [];
  const seen = new Map<string, Ast.IdentifierNode>();
  for (const entry of node.entries) {
    const { name, span } = entry.name;
    workspace.note(span, declares(stepSymbol(node.name.name, entry)));
    const firstUse = seen.get(name) ?? node.inputs.find((input) => input.name === name);
    if (firstUse) {
      const kindWord = entry.channel ? 'channel' : 'step';
      const nameFacts = { what: kindWord, name, other: seen.has(name) ? kindWord : 'input' };
      workspace.report('repeated-name', span, nameFacts, noteAt(notes.first(name), firstUse.span));
    } else seen.set(name, entry.name);
    const flowScope = { ...workspace, readStep, inputs, features, above: steps, groups, node, entry };
    const { reads, ...flow } = resolveFlow(flowScope, entry.flow);
    steps.push({ name, span, node: entry, channel: entry.channel, ...(firstUse ? {} : flow), reads });
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

function resolveInputs(workspace: Workspace, node: Ast.TowerNode, groups: Groups): TowerInput[] {
  const { scope, report, uncertain } = workspace;
  const knownInputs = new Map<string, unknown>([...groups, ...scope.features]);
  return node.inputs.flatMap((input): TowerInput[] => {
    workspace.onWord(scope.groups.has(input.name) ? 'group' : 'feature', input);
    if (scope.labels.has(input.name)) {
      report('label-as-feature', input.span, { name: input.name }, labelExtra(workspace, input));
      return [];
    }
    const firstInput = node.inputs.find((other) => other.name === input.name)!;
    if (firstInput !== input) {
      const nameFacts = { what: 'input', name: input.name, other: 'input' };
      report('repeated-name', input.span, nameFacts, repeats(input.name, firstInput.span, input.span));
      return [];
    }
    const name = find('group or feature', knownInputs, input, report, ['features', 'group'])?.name;
    if (name === undefined) {
      uncertain.add('feature');
      uncertain.add('group');
      return [];
    }
    if (groups.has(name)) workspace.onName('group', name);
    return [{ name, span: input.span, features: groups.get(name) ?? [name], groups: groupsWithin(scope, name) }];
  });
}

/** Resolves a flow: that of a step of the tower, or one within an expression. */
function resolveFlow(
  flowScope: FlowScope,
  expression: Ast.ExpressionNode,
): Pick<ResolvedStep, 'flow' | 'begun' | 'reads'> {
  const [first, ...others] = stepsOf(expression);
  const source = first && resolveSource(flowScope, first);
  const laterSteps = others.map((step) =>
    isArithmetic(step) ? afterArrow(flowScope, expression, step) : readInScope(flowScope, step),
  );
  const readSteps = laterSteps.flatMap((step) => step ?? []);
  const reads = source ? partsOf({ from: source, steps: readSteps }).map(nameOfPart) : first && writtenSources(first);
  if (!source || !reads) return { reads };
  if (source.kind === 'number') {
    flowScope.report('not-a-flow', source.span, { found: 'a number', expected: sourceWords });
    return { reads };
  }
  // `(x -> mean) -> dense(8)` and `dense(x, 8)` are flows from `x`.
  const begun = source.kind === 'flow' ? source.flow : { from: source, steps: [] };
  const steps = [...begun.steps, ...laterSteps];
  const invalid = steps.indexOf(undefined);
  const valid = (invalid === -1 ? steps : steps.slice(0, invalid)) as FlowStep[];
  const flow = { span: expression.span, from: begun.from, steps: valid };
  return invalid === -1 ? { reads, flow } : { reads, begun: flow };
}

/** Reads a step, whose block may get values of the tower by the names of its inputs. */
const readInScope = (flowScope: FlowScope, step: Ast.ExpressionNode): FlowStep | undefined =>
  flowScope.readStep(step, (value) => {
    const source = resolveSource(flowScope, value);
    if (source?.kind !== 'number') return source;
    return flowScope.report('not-a-flow', source.span, { found: 'a number', expected: sourceWords });
  });

/** Reports arithmetic after an arrow: `x -> dense(8) + x` applies `dense(8) + x` to x. The fix puts the flow before the operator in parentheses. */
function afterArrow({ report }: FlowScope, flow: Ast.ExpressionNode, step: Ast.ExpressionNode): undefined {
  let operand = step;
  while (operand.kind === 'Binary' && operand.left.span.start === step.span.start) operand = operand.left;
  const { source, start } = flow.span;
  const parentheses = [insertion(source, start, '('), insertion(source, operand.span.end, ')')];
  const fixes = asCall(operand) ? [parentheses] : [];
  const before = spanText({ source, start, end: operand.span.end });
  const rewritten =
    asCall(operand) && `(${before})${spanText({ source, start: operand.span.end, end: step.span.end })}`;
  report('not-a-flow', step.span, { found: describeExpression(step), expected: 'a block', flow: rewritten }, { fixes });
}

type Groups = ReadonlyMap<string, readonly string[]>;

/** The context of a flow: the names at which it may start. */
interface FlowScope extends Workspace {
  readonly node: Ast.TowerNode;
  readonly entry: Ast.TowerEntryNode;
  readonly inputs: readonly TowerInput[];
  readonly features: readonly string[];
  readonly above: readonly ResolvedStep[];
  readonly groups: Groups;
  readonly readStep: ReadStep;
}

function resolveSource(flowScope: FlowScope, expression: Ast.ExpressionNode): FlowSource | undefined {
  const { span } = expression;
  switch (expression.kind) {
    case 'Call':
      return resolveCall(flowScope, expression);
    case 'Flow': {
      const { flow } = resolveFlow(flowScope, expression);
      return flow && { kind: 'flow', span, flow };
    }
    case 'Unary':
    case 'Binary':
      return resolveArithmetic(flowScope, expression);
    default:
      return isNumber(flowScope, expression)
        ? resolveNumber(flowScope, expression)
        : resolvePart(flowScope, expression);
  }
}

/** True for a number, unless a value of the tower has the name of the constant. */
function isNumber(flowScope: FlowScope, expression: Ast.ExpressionNode): boolean {
  return (
    flowScope.constants.isNumeric(expression) &&
    !operandsOf(expression).some((operand) => isValueName(flowScope, operand))
  );
}

function resolveNumber({ constants }: FlowScope, expression: Ast.ExpressionNode): FlowSource | undefined {
  const value = constants.number(expression, 'flow', 'a number');
  return value === undefined ? undefined : { kind: 'number', span: expression.span, value };
}

/** Resolves `gate * short`, and `-gate` as `-1 * gate`. */
function resolveArithmetic(
  flowScope: FlowScope,
  expression: Extract<Ast.ExpressionNode, { kind: 'Unary' | 'Binary' }>,
): FlowSource | undefined {
  const { span } = expression;
  if (isNumber(flowScope, expression)) return resolveNumber(flowScope, expression);
  if (expression.kind === 'Unary') {
    const operand = resolveSource(flowScope, expression.operand);
    return (
      operand && { kind: 'operation', span, operator: '*', operands: [{ kind: 'number', span, value: -1 }, operand] }
    );
  }
  const { operator, left, right } = expression;
  const operands = [resolveSource(flowScope, left), resolveSource(flowScope, right)] as const;
  if (!operands[0] || !operands[1]) return undefined;
  return { kind: 'operation', span, operator, operands: [operands[0], operands[1]] };
}

/** Resolves a call with values among its arguments: `concat(deep, wide)`, `dense(deep + wide, 16)`. */
function resolveCall(flowScope: FlowScope, expression: Ast.CallNode): FlowSource | undefined {
  if (isForeign(flowScope, expression)) return undefined;
  const sourceNodes: Ast.ExpressionNode[] = [];
  const others: Ast.ArgumentNode[] = [];
  for (const argument of expression.arguments) {
    if (argument.name === undefined && isPart(flowScope, expression, argument.value)) sourceNodes.push(argument.value);
    else others.push(argument);
  }
  // The call is a block without a source.
  if (sourceNodes.length === 0) return resolvePart(flowScope, expression);
  if (namesInputs(flowScope, expression, sourceNodes)) return undefined;
  const resolvedParts = sourceNodes.map((part) => resolveSource(flowScope, part));
  const block = readInScope(flowScope, { ...expression, arguments: others });
  if (!block || resolvedParts.some((part) => part === undefined)) return undefined;
  const [from, ...further] = resolvedParts as FlowSource[];
  const { span } = expression;
  if (block.kind !== 'block') {
    if (further.length === 0) return { kind: 'flow', span, flow: { span, from: from!, steps: [block] } };
    const { name } = block;
    const sourceTexts = sourceNodes.map(({ span }) => spanText(span));
    const argumentTexts = others.map(({ span }) => spanText(span));
    const joinedSource = block.kind === 'formula' ? sourceTexts[0]! : `concat(${sourceTexts.join(', ')})`;
    const flow = `${joinedSource} -> ${argumentTexts.length === 0 ? name : `${name}(${argumentTexts.join(', ')})`}`;
    // Several values may have been meant as fields or as a vector, so there is no certain fix.
    return flowScope.report('block-arguments', expression.span, { name, flow });
  }
  return { kind: 'join', span, call: block.call, parts: [from!, ...further] };
}

/** Reports the values of a block of a formula without the names of its inputs: `asked(history, latest)`. True if it reported some. */
function namesInputs({ report, scope }: FlowScope, call: Ast.CallNode, values: readonly Ast.ExpressionNode[]): boolean {
  const { name } = call.callee;
  const [first, ...inputs] = scope.blocks.get(name)?.formula?.inputs ?? [];
  if (!first || inputs.length === 0 || values.length !== inputs.length + 1) return false;
  const edits = inputs.map((input, index) =>
    insertion(call.span.source, values[index + 1]!.span.start, `${input.name.name}: `),
  );
  const given = inputs.map((input, index) => `\`${input.name.name}: ${spanText(values[index + 1]!.span)}\``).join(', ');
  const reason = `takes its inputs after the first by their names: write ${given}`;
  report('wrong-axes', call.span, { what: name, reason }, { fixes: [edits] });
  return true;
}

/** Reports values in the brackets of other frameworks, `concat([a, b], dim: 1)`, and functions for operators, `mul(a, b)`. True if it reported some. */
function isForeign({ report, scope, library }: FlowScope, { callee, span, arguments: given }: Ast.CallNode): boolean {
  const isOperator = !scope.blocks.has(callee.name) && !rowIn(library.blocks, callee.name);
  if (!isOperator && (given[0]?.value.kind !== 'List' || given[0].name)) return false;
  const isDeclared = (name: string) => scope.blocks.has(name);
  const translated = translateSpan(span, { places: ['block'], isFormula: false, isDeclared });
  if (!translated?.isForeign) return false;
  const { written, rule } = translated;
  const fixes = written === undefined ? [] : [[{ at: span, text: written }]];
  report('foreign-form', span, { found: `\`${flatText(span)}\``, written, rule }, { fixes });
  return true;
}

/** What a flow begins with, for messages. */
const sourceWords = 'the name of an input or of a step above';

const nameOfPart = (part: FlowPart): SourceName => ({
  name: part.name,
  output: part.kind === 'step' ? part.output : undefined,
});

/** Returns the names in an invalid source; undefined if it does not consist of names. */
function writtenSources(expression: Ast.ExpressionNode): readonly SourceName[] | undefined {
  if (expression.kind === 'Number') return [];
  const inner =
    expression.kind === 'Call'
      ? expression.arguments.flatMap(({ name, value }) => (name ? [] : [value]))
      : expression.kind === 'Flow'
        ? expression.steps.slice(0, 1)
        : expression.kind === 'List'
          ? expression.items
          : isArithmetic(expression) && partsOfExpression(expression);
  if (inner) {
    const innerSources = inner.map(writtenSources);
    return innerSources.every((sources) => sources !== undefined) ? innerSources.flat() : undefined;
  }
  if (expression.kind !== 'Name' || expression.parts.length > 2) return undefined;
  const [name, output] = expression.parts;
  return [{ name: name!.name, output: output?.name }];
}

/** True for the name of a step above, an input, or a feature of one. */
function isValueName({ above, inputs, features }: FlowScope, expression: Ast.ExpressionNode): boolean {
  if (expression.kind !== 'Name') return false;
  const word = expression.parts[0]!.name;
  return (
    above.some(({ name }) => name === word) ||
    features.includes(word) ||
    inputs.some(({ name, groups }) => name === word || groups.includes(word))
  );
}

/** True if an argument without a name is a source: a name that is no choice of the block's own parameters, or an expression with a source. */
function isPart(flowScope: FlowScope, call: Ast.CallNode, value: Ast.ExpressionNode): boolean {
  const { library, scope, constants } = flowScope;
  const parameters = Object.entries(rowIn(library.blocks, call.callee.name)?.parameters ?? {});
  const takesFlow = parameters.some(([, { type }]) => type.is === 'flow');
  if (value.kind === 'Flow') return !takesFlow || isPart(flowScope, call, value.steps[0]!);
  if (value.kind === 'Call')
    return value.arguments.some((inner) => !inner.name && isPart(flowScope, value, inner.value));
  if (isArithmetic(value)) return operandsOf(value).some((operand) => isPart(flowScope, call, operand));
  if (value.kind !== 'Name') return false;
  if (isValueName(flowScope, value)) return true;
  const word = value.parts[0]!.name;
  if (constants.has(word)) return false;
  return !parameters.some(
    ([parameter, { type }]) =>
      (type.is === 'choice' && type.of.includes(word)) ||
      (type.is === 'flag' && parameter === word) ||
      type.is === 'flow' ||
      (type.is === 'name' && type.of === 'task' && scope.tasks.has(word)),
  );
}

function resolvePart(flowScope: FlowScope, expression: Ast.ExpressionNode): FlowPart | undefined {
  const { report, uncertain, library, above } = flowScope;
  if (expression.kind !== 'Name' || expression.parts.length > 2) {
    uncertain.add('feature');
    return report('not-a-flow', expression.span, { found: describeExpression(expression), expected: sourceWords });
  }
  const [name, output] = expression.parts;
  // A block that gives several values names them after the tasks.
  if (output) flowScope.onWord('task', output);
  const source = resolveName(flowScope, name!);
  if (!output || !source) return source && { ...source, span: expression.span };
  const step = above.find((candidate) => candidate.name === source.name);
  const outputs = step ? outputsOf(library, step, above) : [];
  // The invalid step has its own error.
  if (outputs === undefined) return undefined;
  if (outputs.length === 0) {
    const outputSpan = { ...output.span, start: name!.span.end };
    return report(
      'no-outputs',
      output.span,
      { name: source.name, output: output.name },
      { fixes: [[removal(outputSpan)]] },
    );
  }
  const outputNames = new Map(outputs.map((word) => [word, word]));
  const takenOutput = find(`output of \`${source.name}\``, outputNames, output, report);
  return takenOutput && { kind: 'step', span: expression.span, name: source.name, output: takenOutput.name };
}

/** Resolves a name: a step above, or an input, which is a group of features or one of them. A misspelled name is taken as the nearest one. */
function resolveName(flowScope: FlowScope, written: Ast.IdentifierNode): FlowPart | undefined {
  const { name, span } = written;
  const { node: tower, entry, inputs, features, above, groups, report, scope, reads, uncertain, onName } = flowScope;
  const step = tower.entries.find((other) => other.name.name === name);
  if (step && step !== entry) flowScope.note(span, readsWord(stepSymbol(tower.name.name, step)));
  else flowScope.onWord(groups.has(name) ? 'group' : 'feature', written);
  const open = (word: string): FlowPart | undefined => {
    if (above.some((step) => step.name === word)) return { kind: 'step', span, name: word };
    const input = inputs.find((candidate) => candidate.name === word);
    const innerGroup = inputs.some((candidate) => candidate.groups.includes(word)) ? groups.get(word) : undefined;
    const opened = input?.features ?? innerGroup ?? (features.includes(word) ? [word] : undefined);
    if (!opened) return undefined;
    for (const feature of opened) reads.feature.add(feature);
    return { kind: 'features', span, name: word, features: opened };
  };

  const source = open(name);
  if (source) return source;
  if (step) {
    const at = step.name.span;
    return report(
      'read-before',
      span,
      { name },
      at === entry.name.span ? {} : noteAt(notes.declared('step', name), at),
    );
  }
  if (scope.labels.has(name)) {
    onName('label', name, written);
    const note = noteAt(notes.declared('label', name), scope.labels.get(name)!.name.span);
    return report('label-as-feature', span, { name }, note);
  }
  if (groups.has(name) || scope.features.has(name)) {
    const other = otherSide(flowScope, name);
    if (other) {
      const featureFacts = { name, first: other.tower, second: tower.name.name, group: groups.has(name) };
      return report('feature-both-sides', span, featureFacts, noteAt(notes.read(other.tower, name), other.span));
    }
    const lastInput = tower.inputs.at(-1);
    const fix = lastInput && insertion(lastInput.span.source, lastInput.span.end, `, ${name}`);
    for (const feature of groups.get(name) ?? [name]) reads.feature.add(feature);
    if (groups.has(name)) onName('group', name);
    // The name may have been meant for an input that could not be resolved.
    if (new Set(tower.inputs.map((input) => input.name)).size > inputs.length) return undefined;
    return report('not-an-input', span, { tower: tower.name.name, name }, { fixes: fix && [[fix]] });
  }
  const inputNames = inputs.flatMap((input) => [input.name, ...input.groups]);
  const knownNames = new Set([...above.map((earlier) => earlier.name), ...inputNames, ...features]);
  const table = new Map([...knownNames].map((word) => [word, word]));
  const meant = find('input or step', table, written, report, ['tower', 'features', 'group']);
  if (meant) return open(meant.name);
  uncertain.add('feature');
  return undefined;
}

/** Returns another tower whose input contains this feature or group, and the span of that input. */
function otherSide(
  { scope, node, groups }: FlowScope,
  name: string,
): { readonly tower: string; readonly span: Ast.IdentifierNode['span'] } | undefined {
  const wanted = groups.get(name) ?? [name];
  for (const other of scope.towers.values()) {
    const input = other.inputs.find((candidate) =>
      (groups.get(candidate.name) ?? [candidate.name]).some((feature) => wanted.includes(feature)),
    );
    if (input && other !== node) return { tower: other.name.name, span: input.span };
  }
  return undefined;
}

/** Returns the names of the outputs of a step: none if it has a single value, undefined if it is invalid. */
export function outputsOf(
  library: Library,
  { flow }: ResolvedStep,
  above: readonly ResolvedStep[],
): readonly string[] | undefined {
  if (!flow) return undefined;
  const lastStep = flow.steps.at(-1);
  if (lastStep) return ofStep(library, lastStep);
  const { from } = flow;
  if (from.kind === 'join') return ofCall(library, from.call);
  if (from.kind !== 'step' || from.output !== undefined) return [];
  const step = above.find(({ name }) => name === from.name);
  return step ? outputsOf(library, step, above) : [];
}

function ofStep(library: Library, step: FlowStep): readonly string[] {
  if (step.kind === 'block') return ofCall(library, step.call);
  if (step.kind === 'formula') return [];
  const lastStep = step.steps.at(-1);
  return lastStep ? ofStep(library, lastStep) : [];
}

function ofCall(library: Library, call: Call): readonly string[] {
  const lastRepeated = repeatedSteps(library, call).at(-1);
  return lastRepeated ? ofStep(library, lastRepeated) : (library.blocks[call.kind]?.outputs?.(call.arguments) ?? []);
}

/** Returns the steps of a flow that a block applies and whose result it returns: `repeat(2, dense(8) -> dropout)`. */
export const repeatedSteps = ({ blocks }: Library, call: Call): readonly FlowStep[] =>
  blocks[call.kind]?.times ? flowsOf(call).flat() : [];
