/** The words within a feature, and what they represent: another feature, or a constant. */
import { Kept } from '../kept/kept.ts';
import type * as Ast from '../syntax/ast.ts';
import { textOf } from '../text/source.ts';
import type { Scope } from './scope.ts';

/** Each word that may be a name of the file. */
export function wordsOf(expression: Ast.Expression): readonly string[] {
  switch (expression.kind) {
    case 'Name':
      return expression.parts.map(({ name }) => name);
    case 'Call':
      return expression.arguments.flatMap(({ value }) => wordsOf(value));
    case 'List':
      return expression.items.flatMap(wordsOf);
    case 'Unary':
      return wordsOf(expression.operand);
    case 'Binary':
      return [...wordsOf(expression.left), ...wordsOf(expression.right)];
    case 'Flow':
      return expression.steps.flatMap(wordsOf);
    default:
      return [];
  }
}

/** A text that is another where one of the words represents something else. */
export function meaningOf(words: readonly string[], { features, lets }: Pick<Scope, 'features' | 'lets'>): string {
  if (words.length === 0) return '';
  const { names, text } = constants.of(lets, [], () => ({
    names: new Set(lets.map(({ name }) => name.name)),
    text: lets.map(({ span }) => textOf(span)).join('\n'),
  }));
  // A constant may read others.
  return words.map((word) => `${features.has(word)} ${names.has(word) ? text : ''}`).join();
}

const constants = new Kept<{ readonly names: ReadonlySet<string>; readonly text: string }>();
