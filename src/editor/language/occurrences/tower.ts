/** The words of a tower: its inputs, its steps, and what each flow begins with. */
import type * as Ast from '../../../compiler/syntax/ast.ts';
import { stepSymbol, symbolOf } from '../symbols.ts';
import type { Found } from './found.ts';
import { stepsOf, type Values } from './values.ts';

/** All but its entries. */
export function headWords(node: Ast.TowerNode, { found }: Values): void {
  found.declare(symbolOf('tower', node));
  for (const input of node.inputs) found.name(input, 'group', 'feature', 'label');
  if (node.key) found.name(node.key, 'feature');
}

export function stepWords(node: Ast.TowerNode, entry: Ast.TowerEntryNode, values: Values): void {
  values.found.declare(stepSymbol(node.name.name, entry));
  const [first, ...rest] = stepsOf(entry.flow);
  if (first) sourceWords(node.name.name, entry, first, values);
  values.steps(rest);
}

/** `profile`, `shared.click`, `concat(deep, wide)`: what a flow begins with. */
function sourceWords(tower: string, entry: Ast.TowerEntryNode, value: Ast.ExpressionNode, values: Values): void {
  const { found } = values;
  if (value.kind === 'Call') {
    const parts = value.arguments.filter((argument) => !argument.name && isPart(tower, argument.value, found));
    for (const part of parts) sourceWords(tower, entry, part.value, values);
    const others = value.arguments.filter((argument) => !parts.includes(argument));
    values.steps([{ ...value, arguments: others }]);
    return;
  }
  if (value.kind !== 'Name') return;
  const [name, output] = value.parts;
  if (!name) return;
  const step = found.symbols.step(tower, name.name);
  if (step && step.node !== entry) found.read(name.span, step);
  else found.name(name, 'group', 'feature', 'label');
  // A block that gives several values names them after the tasks.
  if (output) found.name(output, 'task');
}

function isPart(tower: string, value: Ast.ExpressionNode, { symbols }: Found): boolean {
  const name = value.kind === 'Name' ? value.parts[0]?.name : undefined;
  return name !== undefined && !!(symbols.step(tower, name) ?? symbols.find(name, 'group', 'feature'));
}
