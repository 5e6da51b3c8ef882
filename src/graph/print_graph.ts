/** Prints a graph as text. */
import { printDim, printType } from './dims.ts';
import type { Attribute, Dim, Graph, Node } from './graph.ts';

/**
 * Returns one line per value, then the outputs and the updates:
 * `%12 float32[batch, 64] = MatMul(%3, user/main/mlp/weights_0)   # user/main/mlp`. Leaves are written where they are read.
 */
export function printGraph(graph: Graph): string {
  const lines = [`graph ${graph.name}`];
  const printDeclaration = (keyword: string, name: string, node: number): void => {
    lines.push(`  ${keyword} ${name} ${printType(graph.nodes[node]!.type)}`);
  };
  for (const { name, node } of graph.inputs) printDeclaration('input', name, node);
  for (const { name, node, trainable } of graph.parameters)
    printDeclaration(trainable ? 'parameter' : 'state', name, node);
  graph.nodes.forEach((node, id) => {
    if (node.op === 'Input' || node.op === 'Parameter' || isScalarConstant(node)) return;
    const operands = [...node.inputs.map((input) => printOperand(graph, input)), ...printAttributes(node)];
    const line = `  %${id} ${printType(node.type)} = ${node.op}(${operands.join(', ')})`;
    lines.push(node.label === '' ? line : `${line}   # ${node.label}`);
  });
  for (const { name, node } of graph.outputs) lines.push(`  output ${name} = ${printOperand(graph, node)}`);
  for (const { parameter, node } of graph.updates) lines.push(`  update ${parameter} = ${printOperand(graph, node)}`);
  return `${lines.join('\n')}\n`;
}

/** True for scalars, which are written where they are read. */
function isScalarConstant(node: Node): boolean {
  return node.op === 'Constant' && node.type.shape.length === 0;
}

function printOperand(graph: Graph, id: number): string {
  const node = graph.nodes[id]!;
  if (node.op === 'Input' || node.op === 'Parameter') return String(node.attributes.name);
  if (!isScalarConstant(node)) return `%${id}`;
  const value = (node.attributes.values as readonly number[])[0]!;
  return node.type.dtype === 'bool' ? String(value === 1) : String(value);
}

/** Prints flags only if they are set, and cuts long constants short. */
function printAttributes(node: Node): string[] {
  return Object.entries(node.attributes).flatMap(([name, value]) => {
    if (value === false) return [];
    return [value === true ? name : `${name}: ${printAttribute(value)}`];
  });
}

function printAttribute(value: Attribute): string {
  if (!Array.isArray(value)) return String(value);
  const items = value as readonly Dim[];
  const shownItems = items.slice(0, 8).map(printDim).join(', ');
  return items.length > 8 ? `[${shownItems}, … ${items.length}]` : `[${shownItems}]`;
}
