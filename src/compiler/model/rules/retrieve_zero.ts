import type { ExpressionNode } from '../../syntax/ast.ts';
import type { Rule } from './rule.ts';

/** A task that `retrieve` weighs with 0 has no part in what is found: it is said by leaving it out. */
export const retrieveZero: Rule = {
  name: 'task that retrieve weighs with 0',
  check({ file, retrieve = [] }, report) {
    const node = file.declarations.find((declaration) => declaration.kind === 'Retrieve');
    const zeros = retrieve.filter(({ factor }) => factor === 0);
    // All of them: that is an error.
    if (!node || zeros.length === retrieve.length) return;
    for (const { task } of zeros) report('retrieve-zero', nameIn(node.value, task)?.span ?? node.value.span, { task });
  },
};

/** The first place of a name in a sum. */
export function nameIn(node: ExpressionNode, name: string): ExpressionNode | undefined {
  switch (node.kind) {
    case 'Name':
      return node.parts.length === 1 && node.parts[0]!.name === name ? node : undefined;
    case 'Unary':
      return nameIn(node.operand, name);
    case 'Binary':
      return nameIn(node.left, name) ?? nameIn(node.right, name);
    default:
      return undefined;
  }
}
