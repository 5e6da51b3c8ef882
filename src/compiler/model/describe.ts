/** Describes parameter types and expressions in the words of messages. */
import { textOf } from '../../base/text/source.ts';
import type { ParameterType } from '../library/contract.ts';
import type { EntryType } from '../library/declarations/entry.ts';
import type { ExpressionNode } from '../syntax/ast.ts';

/** Describes a type: "a whole number of at least 1". Completes "`units` is …". */
export function describeType(type: ParameterType): string {
  switch (type.is) {
    case 'integer':
      return `a whole number${range(type)}`;
    case 'number': {
      const callExamples = Object.values(type.or ?? {}).map(({ example }) => `, or \`${example}\``);
      return `a number${range(type)}${callExamples.join('')}`;
    }
    case 'choice':
      return `one of ${type.of.map((word) => `\`${word}\``).join(', ')}`;
    case 'flag':
      return 'present or not: `true` or `false`';
    case 'text':
      return 'a text in quotes';
    case 'numbers':
      return 'a list of numbers, such as `[18, 25, 35]`';
    case 'name':
      return `the name of a ${type.of}`;
    case 'column':
      return 'the name of a column of the data';
    case 'side':
      return 'a tower or one of its channels, such as `item` or `item.main`';
    case 'kind':
      return `one of ${Object.keys(type.of)
        .map((word) => `\`${word}\``)
        .join(', ')}`;
    case 'feature':
      return 'the name of a feature or a kind of feature, such as `category(dim: 16)`';
    case 'flow':
      return 'a block, or several with arrows, such as `dense(64, relu) -> dense(32)`';
  }
}

/** Describes the type of an entry. */
export function describeEntry(type: EntryType): string {
  switch (type.is) {
    case 'kinds':
      return `one ${type.what} or several, with commas between them and no brackets: \`${listOf(type.of)}\``;
    case 'reference':
      return `the name of a ${type.of.includes('feature') ? 'label or feature' : 'label'}`;
    case 'score':
      return 'a score of the two towers, such as `cosine(user, item)`';
    case 'tasks':
      return 'a sum of tasks, such as `1.0 * click + 0.5 * stay`';
    case 'features':
      return 'names of features and groups with commas between them';
    case 'channel':
      return 'a flow, such as `profile -> flatten -> mlp(64)`';
    case 'file':
      return `the path of a file in quotes${type.or ? `, or a call such as \`${Object.values(type.or)[0]!.example}\`` : ''}${type.by ? ', and `by` the column that joins it' : ''}`;
    case 'path':
    case 'sql':
      return 'a text in quotes';
    case 'history':
      return `a call such as \`${Object.values(type.of)[0]!.example}\``;
    default:
      return describeType(type);
  }
}

const listOf = (table: Readonly<Record<string, { readonly example: string }>>): string =>
  Object.values(table)
    .slice(0, 2)
    .map(({ example }) => example)
    .join(', ');

interface NumberBounds {
  readonly min?: number;
  readonly max?: number;
  readonly above?: number;
  readonly below?: number;
}

function range({ min, max, above, below }: NumberBounds): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  const lowerBound = min !== undefined ? `at least ${min}` : above !== undefined ? `above ${above}` : undefined;
  const upperBound = max !== undefined ? `at most ${max}` : below !== undefined ? `below ${below}` : undefined;
  if (lowerBound === undefined && upperBound === undefined) return '';
  const boundsText = [lowerBound, upperBound].filter((word) => word !== undefined).join(' and ');
  return boundsText.startsWith('at') ? ` of ${boundsText}` : ` ${boundsText}`;
}

export function inRange(value: number, { min, max, above, below }: NumberBounds): boolean {
  return (
    (min === undefined || value >= min) &&
    (max === undefined || value <= max) &&
    (above === undefined || value > above) &&
    (below === undefined || value < below)
  );
}

/** Describes an expression, as in "…, not the text "F"". */
export function describeExpression(expression: ExpressionNode): string {
  switch (expression.kind) {
    case 'Name':
      return `the name \`${textOf(expression.span)}\``;
    case 'Number':
      return `the number ${textOf(expression.span)}`;
    case 'Text':
      return `the text ${textOf(expression.span)}`;
    case 'List':
      return 'a list';
    case 'Call':
      return `a call of \`${expression.callee.name}\``;
    case 'Unary':
    case 'Binary':
      return 'arithmetic';
    case 'Flow':
      return 'a flow';
  }
}
