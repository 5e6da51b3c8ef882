import { nearest } from '../../../base/text/nearest.ts';
import type { ExpressionNode } from '../../syntax/ast.ts';
import type { Rule } from './rule.ts';

/** A parameter that its block never reads: a use that gives it changes nothing. */
export const unusedParameter: Rule = {
  name: 'unused parameter',
  check({ file, scope }, report) {
    for (const [block, { parameters, flow, span }] of scope.blocks) {
      if (span.source !== file.span.source || parameters.length === 0) continue;
      const words = new Set([flow, ...parameters.flatMap(({ default: usual }) => usual ?? [])].flatMap(numbersIn));
      for (const { name } of parameters) {
        // A misspelt one is meant, and is reported already.
        if (words.has(name.name) || [...words].some((word) => nearest(word, [name.name]))) continue;
        report('unused-parameter', name.span, { block, name: name.name });
      }
    }
  },
};

/** The words of an expression that may be numbers: all but those of blocks. */
function numbersIn(expression: ExpressionNode): readonly string[] {
  switch (expression.kind) {
    case 'Name':
      return expression.parts.length === 1 ? [expression.parts[0]!.name] : [];
    case 'List':
      return expression.items.flatMap(numbersIn);
    case 'Call':
      return expression.arguments.flatMap(({ value }) => numbersIn(value));
    case 'Unary':
      return numbersIn(expression.operand);
    case 'Binary':
      return [...numbersIn(expression.left), ...numbersIn(expression.right)];
    case 'Flow':
      return expression.steps.flatMap((step) => (step.kind === 'Name' ? [] : numbersIn(step)));
    default:
      return [];
  }
}
