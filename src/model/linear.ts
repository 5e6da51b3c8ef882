/** Sums of numbers times things: what an objective, a retrieval and a score may be. */
import type { Expression } from '../syntax/ast.ts';
import type { Constants } from './constants.ts';

export interface Term {
  /** The name or call that is weighed. */
  readonly of: Expression;
  readonly factor: number;
}

/**
 * Opens sums, differences, products with numbers and quotients by numbers.
 * @returns the terms in order, or the part that is not linear
 */
export function linear(
  expression: Expression,
  constants: Constants,
): { readonly terms: readonly Term[] } | { readonly odd: Expression } {
  const terms: Term[] = [];
  const odd = collect(expression, 1);
  return odd ? { odd } : { terms };

  function collect(part: Expression, factor: number): Expression | undefined {
    if (part.kind === 'Unary') return collect(part.operand, -factor);
    if (part.kind === 'Binary') {
      const { operator, left, right } = part;
      if (operator === '+' || operator === '-') {
        return collect(left, factor) ?? collect(right, operator === '+' ? factor : -factor);
      }
      if (constants.isNumeric(right)) return scaled(left, right, operator, factor);
      if (operator === '*' && constants.isNumeric(left)) return scaled(right, left, '*', factor);
      return part;
    }
    if ((part.kind === 'Name' && !constants.isNumeric(part)) || part.kind === 'Call') {
      terms.push({ of: part, factor });
      return undefined;
    }
    return part;
  }

  function scaled(part: Expression, number: Expression, operator: '*' | '/', factor: number): Expression | undefined {
    const value = constants.number(number, 'factor', 'a number');
    if (value === undefined || (operator === '/' && value === 0)) return number;
    return collect(part, operator === '*' ? factor * value : factor / value);
  }
}
