/** Describes parameter types and expressions in the words of messages. */
import { spanText } from '../../base/text/source.ts';
import type { EntryType, KindTable } from '../library/declarations/entry.ts';
import type { ExpressionNode } from '../syntax/ast.ts';

type TypeWords = {
  readonly [K in EntryType['is']]: string | ((type: Extract<EntryType, { readonly is: K }>) => string);
};

/** What a value of each type is, in words that complete "`units` is …". */
const typeWords: TypeWords = {
  integer: (type) => `a whole number${range(type)}`,
  number: (type) => [`a number${range(type)}`, ...examplesOf(type.or ?? {}).map((call) => `or ${call}`)].join(', '),
  choice: ({ of }) => `one of ${quoted(of)}`,
  flag: 'present or not: `true` or `false`',
  text: 'a text in quotes',
  numbers: 'a list of numbers, such as `[18, 25, 35]`',
  name: ({ of }) => `the name of a ${of}`,
  column: 'the name of a column of the data',
  side: 'a tower or one of its channels, such as `item` or `item.main`',
  kind: ({ of }) => `one of ${quoted(Object.keys(of))}`,
  feature: 'the name of a feature or a kind of feature, such as `category(dim: 16)`',
  flow: 'a block, or several with arrows, such as `dense(64, relu) -> dense(32)`',
  kinds({ what, of }) {
    const examples = Object.values(of).map(({ example }) => example);
    const written = `\`${examples.slice(0, 2).join(', ')}\``;
    return `one ${what} or several, with commas between them and no brackets: ${written}`;
  },
  reference: ({ of }) => `the name of a ${of.includes('feature') ? 'label or feature' : 'label'}`,
  score: 'a score of the two towers, such as `cosine(user, item)`',
  tasks: 'a sum of tasks, such as `1.0 * click + 0.5 * stay`',
  features: 'names of features and groups with commas between them',
  channel: 'a flow, such as `profile -> flatten -> mlp(64)`',
  file({ or, by }) {
    const call = or ? `, or a call such as ${examplesOf(or)[0]}` : '';
    return `the path of a file in quotes${call}${by ? ', and `by` the column that joins it' : ''}`;
  },
  path: 'a text in quotes',
  sql: 'a text in quotes',
  history: ({ of }) => `a call such as ${examplesOf(of)[0]}`,
};

/** Describes the type of an argument or an entry: "a whole number of at least 1". */
export function describeType(type: EntryType): string {
  const words = typeWords[type.is] as string | ((type: EntryType) => string);
  return typeof words === 'string' ? words : words(type);
}

const quoted = (words: readonly string[]): string => words.map((word) => `\`${word}\``).join(', ');

const examplesOf = (table: KindTable): readonly string[] => Object.values(table).map(({ example }) => `\`${example}\``);

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
  const text = spanText(expression.span);
  if (expression.kind === 'Name') return `the name \`${text}\``;
  if (expression.kind === 'Number') return `the number ${text}`;
  if (expression.kind === 'Text') return `the text ${text}`;
  if (expression.kind === 'Call') return `a call of \`${expression.callee.name}\``;
  if (expression.kind === 'List') return 'a list';
  return expression.kind === 'Flow' ? 'a flow' : 'arithmetic';
}
