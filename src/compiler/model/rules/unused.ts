import { notes } from '../../../base/diagnostics/wording.ts';
import { findNearest } from '../../../base/text/nearest.ts';
import { losses } from '../../library/losses/table.ts';
import type { ExpressionNode, FileNode } from '../../syntax/ast.ts';
import { expressionsIn, firstWordOf, partsOfExpression, singleName } from '../expressions.ts';
import { noteAt, removal } from '../report.ts';
import type { Rule } from '../resolution.ts';

export const unusedGroup: Rule = ({ file, scope, towers, reads, uncertain }, report) => {
  if (towers.length === 0 || uncertain.has('group')) return;
  const unused = [...scope.groups].filter(([name]) => !reads.group.has(name));
  if (unused.length === 0) return;
  // Groups nested in an unused group are not reported, because that group is.
  const within = new Set([...scope.groups.values()].flatMap(({ members }) => members.map(({ name }) => name)));
  for (const [name, node] of unused) {
    if (within.has(name) || node.span.source !== file.span.source) continue;
    report('unused-group', node.name.span, { name }, { fixes: [[removal(node.span)]] });
  }
};

/** Reports a block or a loss that nothing uses. */
export const unusedBlock: Rule = ({ file, scope, towers, reads, uncertain }, report) => {
  if (towers.length === 0) return;
  for (const [what, nodes] of [['block', scope.blocks] as const, ['loss', scope.losses] as const])
    for (const [name, node] of uncertain.has(what) ? [] : nodes) {
      if (reads[what].has(name) || node.span.source !== file.span.source) continue;
      report('unused-block', node.name.span, { name, what }, { fixes: [[removal(node.span)]] });
    }
};

/** Reports a constant that nothing reads: a change of it, for example by `--set`, has no effect. */
export const unusedConstant: Rule = ({ file, scope }, report) => {
  const ownLets = scope.lets.filter(({ span }) => span.source === file.span.source);
  if (ownLets.length === 0) return;
  const readNames = readAsConstants(file, new Set(ownLets.map(({ name }) => name.name)));
  for (const { name, span } of ownLets) {
    // A misspelled name that is already reported may have meant this constant.
    if (readNames.has(name.name) || [...readNames].some((word) => findNearest(word, [name.name]))) continue;
    report('unused-constant', name.span, { name: name.name }, { fixes: [[removal(span)]] });
  }
};

/**
 * Collects the words that may be constants, until all candidates are found. A feature of the same name counts too, to avoid a wrong warning.
 */
function readAsConstants({ declarations }: FileNode, sought: Set<string>): ReadonlySet<string> {
  const usedNames = new Set<string>();
  const visit = (node: ExpressionNode): void => {
    const word = singleName(node)?.name;
    if (word !== undefined) {
      usedNames.add(word);
      sought.delete(word);
    }
    partsOfExpression(node).forEach(visit);
  };
  for (const declaration of declarations) {
    if (sought.size === 0) break;
    if (declaration.kind === 'Search') {
      // The path of a search entry does not count as reading a constant, but its choices may read some.
      for (const { domain } of declaration.entries) if (domain.kind === 'Choices') domain.items.forEach(visit);
      continue;
    }
    if ('value' in declaration) visit(declaration.value);
    if ('parameters' in declaration) {
      for (const { default: value } of declaration.parameters) if (value) visit(value);
    }
    if ('flow' in declaration && declaration.flow) visit(declaration.flow);
    if ('parameters' in declaration) expressionsIn(declaration.formula).forEach(visit);
    for (const entry of 'entries' in declaration ? declaration.entries : []) {
      if ('flow' in entry) visit(entry.flow);
      else if ('value' in entry) visit(entry.value);
    }
  }
  return usedNames;
}

/** Reports a parameter that its block never reads: a value for it has no effect. */
export const unusedParameter: Rule = ({ file, scope }, report) => {
  for (const [block, { kind, parameters, flow, formula, span }] of [...scope.blocks, ...scope.losses]) {
    if (span.source !== file.span.source || parameters.length === 0) continue;
    const values = [flow, ...expressionsIn(formula), ...parameters.map(({ default: usual }) => usual)];
    const readNames = new Set(values.flatMap((value) => (value ? numbersIn(value) : [])));
    for (const { name, isFlow } of parameters) {
      if (isFlow && values.some((value) => value && stepsNamed(value, name.name))) continue;
      // A misspelled name that is already reported may have meant this parameter.
      if (readNames.has(name.name) || [...readNames].some((word) => findNearest(word, [name.name]))) continue;
      report('unused-parameter', name.span, { block, name: name.name, what: kind === 'Loss' ? 'loss' : 'block' });
    }
  }
};

/** True if a flow within an expression has a step of this name. */
const stepsNamed = (expression: ExpressionNode, name: string): boolean =>
  firstWordOf(expression) === name || partsOfExpression(expression).some((part) => stepsNamed(part, name));

/** Returns the words of an expression that may be numbers, which are all but the names of blocks. */
function numbersIn(expression: ExpressionNode): readonly string[] {
  const word = singleName(expression)?.name;
  if (word !== undefined) return [word];
  const isBlock = (part: ExpressionNode): boolean => expression.kind === 'Flow' && part.kind === 'Name';
  return partsOfExpression(expression).flatMap((part) => (isBlock(part) ? [] : numbersIn(part)));
}

/** Reports a name with two meanings, whose meaning in a line depends on its position. */
export const shadowedName: Rule = ({ file, library, scope, towers }, report) => {
  for (const { features, inputs, steps, node } of towers) {
    const groups = new Set(inputs.flatMap((input) => input.groups));
    for (const { name, span, channel } of steps) {
      const kindWord =
        scope.features.has(name) && features.includes(name) ? 'feature' : groups.has(name) ? 'group' : undefined;
      // An input of the same tower with this name is an error.
      if (kindWord === undefined || node.inputs.some((input) => input.name === name)) continue;
      const at = (scope.features.get(name) ?? scope.groups.get(name))?.name.span;
      const nameFacts = { what: channel ? 'channel' : 'step', name, hides: `the ${kindWord} of that name` };
      report('shadowed-name', span, nameFacts, { notes: at && [{ message: notes.declared(kindWord, name), at }] });
    }
  }
  const constants = new Map(scope.lets.map(({ name }) => [name.name, name.span]));
  for (const [name, { kind, name: at, flow, span, parameters }] of [...scope.blocks, ...scope.losses]) {
    for (const { name: parameter } of span.source === file.span.source ? parameters : []) {
      const constant = constants.get(parameter.name);
      if (!constant) continue;
      const nameFacts = { what: 'parameter', name: parameter.name, hides: 'the constant of that name' };
      report('shadowed-name', parameter.span, nameFacts, noteAt(notes.declared('constant', parameter.name), constant));
    }
    // A block that contains the library's block of the same name configures it, and does not hide it.
    const what = kind === 'Loss' ? 'loss' : 'block';
    const hidden = kind === 'Loss' ? losses : library.blocks;
    if (span.source !== file.span.source || !Object.hasOwn(hidden, name) || isMadeOf(name, flow)) continue;
    report('shadowed-name', at.span, { what, name, hides: `the library's ${what} of that name` });
  }
};

function isMadeOf(name: string, flow: ExpressionNode | undefined): boolean {
  return flow !== undefined && (flow.kind === 'Flow' ? flow.steps : [flow]).some((step) => firstWordOf(step) === name);
}
