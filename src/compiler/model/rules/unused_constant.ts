import { nearest } from '../../../base/text/nearest.ts';
import type { ExpressionNode, FileNode } from '../../syntax/ast.ts';
import { removal } from '../edits.ts';
import type { Rule } from './rule.ts';

/** A constant that nothing reads: to change it, with `--set` too, would change nothing. */
export const unusedConstant: Rule = {
  name: 'unused constant',
  check({ file, scope }, report) {
    const own = scope.lets.filter(({ span }) => span.source === file.span.source);
    if (own.length === 0) return;
    const words = readAsConstants(file, new Set(own.map(({ name }) => name.name)));
    for (const { name, span } of own) {
      // A misspelt name was meant to read it, and has been reported.
      if (words.has(name.name) || [...words].some((word) => nearest(word, [name.name]))) continue;
      report('unused-constant', name.span, { name: name.name }, { fixes: [[removal(span)]] });
    }
  },
};

/**
 * Every word in a place that takes a constant, until all names in question are found. A feature of the same name counts
 * too: better silent than wrong.
 */
function readAsConstants({ declarations }: FileNode, sought: Set<string>): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (node: ExpressionNode): void => {
    switch (node.kind) {
      case 'Name':
        if (node.parts.length === 1) {
          found.add(node.parts[0]!.name);
          sought.delete(node.parts[0]!.name);
        }
        break;
      case 'List':
        node.items.forEach(visit);
        break;
      case 'Call':
        for (const { value } of node.arguments) visit(value);
        break;
      case 'Unary':
        visit(node.operand);
        break;
      case 'Binary':
        visit(node.left);
        visit(node.right);
        break;
      case 'Flow':
        node.steps.forEach(visit);
        break;
    }
  };
  for (const declaration of declarations) {
    if (sought.size === 0) break;
    if (declaration.kind === 'Search') {
      // That a search names a constant does not make it one that is read; its choices may read others.
      for (const { domain } of declaration.entries) if (domain.kind === 'Choices') domain.items.forEach(visit);
      continue;
    }
    if ('value' in declaration) visit(declaration.value);
    if (declaration.kind === 'Block') {
      for (const { default: value } of declaration.parameters) if (value) visit(value);
    }
    if ('flow' in declaration) visit(declaration.flow);
    for (const entry of 'entries' in declaration ? declaration.entries : []) {
      if ('flow' in entry) visit(entry.flow);
      else if ('value' in entry) visit(entry.value);
    }
  }
  return found;
}
