/** Reads the forms of expressions (names, calls, flows and arithmetic) and finds the parameter of each argument of a call. */
import { textOf } from '../../base/text/source.ts';
import { callsOf, type KindRow, type Parameter, type Parameters } from '../library/contract.ts';
import type { ArgumentNode, BlockNode, CallNode, ExpressionNode, IdentifierNode } from '../syntax/ast.ts';

/** Returns a call, or a bare word as a call without arguments, so that `cosine` and `cosine(user, item)` are treated alike; otherwise undefined. */
export function asCall(expression: ExpressionNode): CallNode | undefined {
  if (expression.kind === 'Call') return expression;
  const word = singleName(expression);
  return word && { kind: 'Call', span: expression.span, callee: word, arguments: [] };
}

/** Returns the identifier of a name that has one part. */
export function singleName(expression: ExpressionNode): IdentifierNode | undefined {
  return expression.kind === 'Name' && expression.parts.length === 1 ? expression.parts[0] : undefined;
}

/** Returns the word of a bare name, or the name of the callee. */
export function firstWordOf(expression: ExpressionNode): string | undefined {
  return asCall(expression)?.callee.name;
}

/** Returns the steps of a flow; an expression without arrows is one step. */
export const stepsOf = (flow: ExpressionNode): readonly ExpressionNode[] =>
  flow.kind === 'Flow' ? flow.steps : [flow];

/** Returns the direct subexpressions. */
export function partsOfExpression(expression: ExpressionNode): readonly ExpressionNode[] {
  switch (expression.kind) {
    case 'Flow':
      return expression.steps;
    case 'Call':
      return expression.arguments.map(({ value }) => value);
    case 'List':
      return expression.items;
    case 'Binary':
      return [expression.left, expression.right];
    case 'Unary':
      return [expression.operand];
    default:
      return [];
  }
}

/** Returns the operands of all nested arithmetic; without arithmetic, the expression itself. */
export const operandsOf = (expression: ExpressionNode): readonly ExpressionNode[] =>
  isArithmetic(expression) ? partsOfExpression(expression).flatMap(operandsOf) : [expression];

const isArithmetic = ({ kind }: ExpressionNode): boolean => kind === 'Binary' || kind === 'Unary';

/** True for a literal, for arithmetic, and for the name of a constant. */
export function isNumeric(expression: ExpressionNode, isConstant: (name: string) => boolean): boolean {
  if (expression.kind === 'Number') return true;
  if (expression.kind === 'Name') return expression.parts.length === 1 && isConstant(expression.parts[0]!.name);
  return isArithmetic(expression) && partsOfExpression(expression).every((part) => isNumeric(part, isConstant));
}

/** Maps the arguments of a call to parameters, like `bindCall`. Surplus arguments are absent. */
export function parametersOfArguments(
  call: CallNode,
  parameters: Parameters,
  numbers: NumberTest,
): ReadonlyMap<ArgumentNode, string> {
  const nameOfArgument = new Map<ArgumentNode, string>();
  const argumentOfName = new Map<string, ArgumentNode>();
  const give = (name: string, argument: ArgumentNode): void => {
    nameOfArgument.set(argument, name);
    argumentOfName.set(name, argument);
  };
  for (const argument of call.arguments) {
    const argumentName = argument.name?.name;
    if (argumentName !== undefined && Object.hasOwn(parameters, argumentName)) give(argumentName, argument);
  }
  for (const argument of call.arguments) {
    if (argument.name) continue;
    const fittingName = parameterOf(argument.value, parameters, argumentOfName, numbers);
    if (fittingName !== undefined) give(fittingName, argument);
  }
  return nameOfArgument;
}

/** Tests if an expression is a number: a literal, arithmetic, or the name of a constant. */
interface NumberTest {
  isNumeric(expression: ExpressionNode): boolean;
}

/** Finds the parameter of a positional argument. A word that a parameter accepts goes to it at any position. */
export function parameterOf(
  value: ExpressionNode,
  parameters: Parameters,
  places: ReadonlyMap<string, ArgumentNode>,
  numbers: NumberTest,
): string | undefined {
  const isFree = ([name, { rest }]: [string, Parameter]): boolean =>
    !places.has(name) || (rest === true && places.get(name)!.name === undefined);
  const freeParameters = Object.entries(parameters).filter(isFree);
  const word = firstWordOf(value);
  if (word !== undefined) {
    const knows = ([name, { type }]: [string, Parameter]): boolean =>
      (type.is === 'choice' && value.kind === 'Name' && type.of.includes(word)) ||
      (type.is === 'flag' && value.kind === 'Name' && name === word) ||
      Object.hasOwn(callsOf(type), word);
    const knowingParameter = freeParameters.find(knows);
    if (knowingParameter) return knowingParameter[0];
  }
  const positional = freeParameters.filter(([, parameter]) => parameter.positional && parameter.type.is !== 'flag');
  const fittingParameter = positional.find(([, { type }]) => looksLike(type, value, numbers));
  if (fittingParameter) return fittingParameter[0];
  // The argument fits a parameter that is also named, so it is given twice.
  const isNamedAlready = Object.entries(parameters).some(
    ([name, { type, positional }]) =>
      positional && places.get(name)?.name !== undefined && looksLike(type, value, numbers),
  );
  if (isNamedAlready) return undefined;
  // A value of the wrong type still belongs to the first free parameter, but a word does not belong to a parameter that takes a call.
  return positional.find(([, { type }]) => word === undefined || type.is !== 'kind')?.[0];
}

export function looksLike(type: Parameter['type'], value: ExpressionNode, numbers: NumberTest): boolean {
  switch (type.is) {
    case 'integer':
      if (value.kind === 'Number' && !Number.isInteger(value.value)) return false;
      return looksLike({ is: 'number' }, value, numbers);
    case 'number':
      return numbers.isNumeric(value) || value.kind === 'Unary' || value.kind === 'Binary';
    case 'text':
      return value.kind === 'Text';
    case 'numbers':
      return value.kind === 'List';
    case 'name':
    case 'side':
      return value.kind === 'Name' && !numbers.isNumeric(value);
    case 'feature':
      return value.kind === 'Name' || value.kind === 'Call';
    case 'flow':
      return value.kind === 'Name' || value.kind === 'Call' || value.kind === 'Flow';
    default:
      return false;
  }
}

/** Describes a declared block like a row of the library. Defaults are text, because they may depend on other parameters. */
export function rowOfBlock({ name, parameters, doc = 'A block of this file.' }: BlockNode): KindRow {
  const required = parameters
    .filter((parameter) => !parameter.default)
    .map((parameter) => `${parameter.name.name}: 64`);
  const parameterRows = parameters.map((parameter): [string, Parameter] => [
    parameter.name.name,
    {
      type: { is: 'number' },
      positional: true,
      doc: `A number: a parameter of block \`${name.name}\`.`,
      ...(parameter.default ? { default: textOf(parameter.default.span) } : { required: true }),
    },
  ]);
  const example = required.length === 0 ? name.name : `${name.name}(${required.join(', ')})`;
  return { doc, example, parameters: Object.fromEntries(parameterRows) };
}
