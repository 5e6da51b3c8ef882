/** Reads the forms of expressions: names, calls, flows and arithmetic. */
import { type Span, spanText } from '../../base/text/source.ts';
import type { KindRow, Parameter } from '../library/contract.ts';
import type {
  BlockNode,
  CallNode,
  CarryNode,
  ExpressionNode,
  FormulaLineNode,
  FormulaNode,
  IdentifierNode,
  LossNode,
} from '../syntax/ast.ts';

/** Returns the text of a span on one line. */
export const flatText = (span: Span): string => spanText(span).replace(/\s+/g, ' ');

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
    case 'Over':
      return [expression.operand];
    case 'Renamed':
      return [expression.value];
    default:
      return [];
  }
}

/** Returns the expressions of a formula, those of its weights included. */
export const expressionsIn = (formula: FormulaNode | undefined): readonly ExpressionNode[] =>
  (formula?.entries ?? []).flatMap(expressionsInLine);

function expressionsInLine(line: FormulaLineNode | CarryNode): readonly ExpressionNode[] {
  switch (line.kind) {
    case 'LostLine':
      return [];
    case 'Scan':
      return line.entries.flatMap(expressionsInLine);
    case 'Repeat':
      return [line.times, ...line.entries.flatMap(expressionsInLine)];
    case 'Carry':
      return [line.first, line.next];
    case 'Weights':
      return line.weights.flatMap(({ from, to = [], initial }) =>
        [...[...from, ...to].map(({ size }) => size), initial].flatMap((value) => value ?? []),
      );
    default:
      return [line.value];
  }
}

/** Returns the operands of all nested arithmetic; without arithmetic, the expression itself. */
export const operandsOf = (expression: ExpressionNode): readonly ExpressionNode[] =>
  isArithmetic(expression) ? partsOfExpression(expression).flatMap(operandsOf) : [expression];

export const isArithmetic = ({ kind }: ExpressionNode): boolean => kind === 'Binary' || kind === 'Unary';

/** True for a literal, for arithmetic, and for the name of a constant. */
export function isNumeric(expression: ExpressionNode, isConstant: (name: string) => boolean): boolean {
  if (expression.kind === 'Number') return true;
  if (expression.kind === 'Name') return expression.parts.length === 1 && isConstant(expression.parts[0]!.name);
  if (expression.kind === 'Binary' && expression.operator === '@') return false;
  return isArithmetic(expression) && partsOfExpression(expression).every((part) => isNumeric(part, isConstant));
}

/** Describes a declared block like a row of the library. Defaults are text, because they may depend on other parameters. */
export function rowOfBlock({
  kind,
  name,
  parameters,
  doc = 'A block of this file.',
}: Pick<BlockNode | LossNode, 'kind' | 'name' | 'parameters' | 'doc'>): KindRow {
  const required = parameters
    .filter((parameter) => !parameter.default)
    .map((parameter) => `${parameter.name.name}: ${parameter.isFlow ? 'dense(64)' : '64'}`);
  const parameterRows = parameters.map((parameter): [string, Parameter] => [
    parameter.name.name,
    {
      type: { is: parameter.isFlow ? 'flow' : 'number' },
      positional: true,
      doc: `A ${parameter.isFlow ? 'flow' : 'number'}: a parameter of ${kind === 'Loss' ? 'loss' : 'block'} \`${name.name}\`.`,
      ...(parameter.default ? { default: spanText(parameter.default.span) } : { required: true }),
    },
  ]);
  const example = required.length === 0 ? name.name : `${name.name}(${required.join(', ')})`;
  return { doc, example, parameters: Object.fromEntries(parameterRows) };
}
