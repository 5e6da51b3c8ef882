/** What the words within a feature may represent: whether it has any, and the names of the file. */

import { sharedNames } from '../kept/history.ts';
import { Kept } from '../kept/kept.ts';
import type * as Ast from '../syntax/ast.ts';
import { textOf } from '../text/source.ts';
import type { Scope } from './scope.ts';

const words = new Kept<string>();

/** Every name that a word of a feature may represent, and what constants are. */
export const namesOf = ({ features, lets }: Scope): string =>
  words.of(sharedNames(features), lets, () => [...features.keys(), ...lets.map(({ span }) => textOf(span))].join());

export function hasWords(expression: Ast.Expression): boolean {
  switch (expression.kind) {
    case 'Name':
      return true;
    case 'Call':
      return expression.arguments.some(({ value }) => hasWords(value));
    case 'List':
      return expression.items.some(hasWords);
    case 'Unary':
      return hasWords(expression.operand);
    case 'Binary':
      return hasWords(expression.left) || hasWords(expression.right);
    case 'Flow':
      return expression.steps.some(hasWords);
    default:
      return false;
  }
}
