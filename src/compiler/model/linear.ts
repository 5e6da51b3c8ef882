/** Sums of numbers times things: what an objective, a retrieval and a score may be. */
import { textOf } from '../../base/text/source.ts';
import type { ExpressionNode } from '../syntax/ast.ts';
import type { Constants } from './constants.ts';
import type { Report } from './report.ts';

export interface Term {
  /** The name or call that is weighed; or a number, where numbers may be terms. */
  readonly of: ExpressionNode;
  readonly factor: number;
}

/**
 * Opens sums, differences, products with numbers and quotients by numbers.
 * @param odd called with the first part that is not linear
 * @param numbers whether a number may be a term of its own
 * @returns the terms in order; nothing after a mistake, which is then reported
 */
export function linear(
  expression: ExpressionNode,
  constants: Constants,
  report: Report,
  odd: (part: ExpressionNode) => void,
  numbers = false,
): readonly Term[] | undefined {
  const terms: Term[] = [];
  return collect(expression, 1) ? terms : undefined;

  function collect(part: ExpressionNode, factor: number): boolean {
    if (numbers && constants.isNumeric(part)) {
      terms.push({ of: part, factor });
      return true;
    }
    if (part.kind === 'Unary') return collect(part.operand, -factor);
    if (part.kind === 'Binary') {
      const { operator, left, right } = part;
      if (operator === '+' || operator === '-') {
        return collect(left, factor) && collect(right, operator === '+' ? factor : -factor);
      }
      if (constants.isNumeric(right) && !constants.isNumeric(left)) return scaled(part, left, right, factor);
      if (operator === '*' && constants.isNumeric(left)) return scaled(part, right, left, factor);
    } else if ((part.kind === 'Name' && !constants.isNumeric(part)) || part.kind === 'Call') {
      terms.push({ of: part, factor });
      return true;
    }
    odd(part);
    return false;
  }

  function scaled(
    whole: Extract<ExpressionNode, { kind: 'Binary' }>,
    part: ExpressionNode,
    number: ExpressionNode,
    factor: number,
  ): boolean {
    const value = constants.number(number, 'factor', 'a number');
    if (value === undefined) return false;
    const next = whole.operator === '*' ? factor * value : factor / value;
    if (Number.isFinite(next)) return collect(part, next);
    report('not-finite', whole.span, { text: textOf(whole.span) });
    return false;
  }
}
