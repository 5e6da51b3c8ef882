/** Checks a graph that came from a file or from a pass. */
import { GraphTypeError, printType, sameType } from './dims.ts';
import type { Graph, Node, TensorType } from './graph.ts';
import { isLeaf, ops, typeOf } from './ops/table.ts';

/** Returns the problems of the graph, one line each; none if every type is the result of its op and every name exists. */
export function verifyGraph(graph: Graph): string[] {
  const problems: string[] = [];
  graph.nodes.forEach((node, id) => {
    for (const problem of problemsOfNode(graph, node, id)) problems.push(`%${id}: ${problem}`);
  });
  problems.push(...problemsOfLeaves(graph, 'Input', graph.inputs));
  problems.push(...problemsOfLeaves(graph, 'Parameter', graph.parameters));
  problems.push(...findRepeated('output', graph.outputs));
  for (const { name, node } of graph.outputs) {
    if (graph.nodes[node] === undefined) problems.push(`output "${name}": there is no %${node}`);
    else if (graph.nodes[node].type.dtype === 'bfloat16') problems.push(`output "${name}": %${node} is bfloat16`);
  }
  const updates = graph.updates.map(({ parameter }) => ({ name: parameter }));
  problems.push(...findRepeated('update of', updates));
  for (const update of graph.updates) problems.push(...problemsOfUpdate(graph, update.parameter, update.node));
  return problems;
}

function problemsOfNode(graph: Graph, node: Node, id: number): string[] {
  if (!Object.hasOwn(ops, node.op)) return [`there is no op "${node.op}"`];
  const strayInputs = node.inputs.filter((input) => !(Number.isInteger(input) && input >= 0 && input < id));
  if (strayInputs.length > 0) return strayInputs.map((input) => `reads %${input}, which does not come before it`);
  if (node.op === 'Constant') return problemsOfConstant(node);
  if (isLeaf(node.op)) return [];
  try {
    const operands = node.inputs.map((input): TensorType => graph.nodes[input]!.type);
    const type = typeOf(node.op, operands, node.attributes);
    return sameType(type, node.type) ? [] : [`${node.op} gives ${printType(type)}, not ${printType(node.type)}`];
  } catch (error) {
    if (error instanceof GraphTypeError) return [error.message];
    return [`${node.op} has attributes of the wrong form: ${Object.keys(node.attributes).join(', ') || 'none'}`];
  }
}

function problemsOfConstant(node: Node): string[] {
  const { values } = node.attributes;
  const count = node.type.shape.reduce<number>(
    (product, dim) => product * (typeof dim === 'number' ? dim : Number.NaN),
    1,
  );
  return Array.isArray(values) && values.length === count ? [] : [`the values do not fill ${printType(node.type)}`];
}

/** Checks that every leaf is declared once, under its own name. */
function problemsOfLeaves(
  graph: Graph,
  op: 'Input' | 'Parameter',
  declared: readonly { readonly name: string; readonly node: number }[],
): string[] {
  const problems = findRepeated(op, declared);
  for (const { name, node } of declared) {
    const leaf = graph.nodes[node];
    if (leaf?.op !== op || leaf.attributes.name !== name) problems.push(`${op} "${name}": %${node} is not it`);
    else if (leaf.type.dtype === 'bfloat16') problems.push(`${op} "${name}": %${node} is bfloat16`);
  }
  graph.nodes.forEach((node, id) => {
    if (node.op === op && !declared.some((leaf) => leaf.node === id)) problems.push(`%${id}: ${op} is not declared`);
  });
  return problems;
}

function problemsOfUpdate(graph: Graph, name: string, id: number): string[] {
  const parameter = graph.parameters.find((other) => other.name === name);
  const value = graph.nodes[id];
  if (parameter === undefined) return [`update of "${name}": there is no such parameter`];
  if (value === undefined) return [`update of "${name}": there is no %${id}`];
  const type = graph.nodes[parameter.node]?.type;
  if (type === undefined || sameType(type, value.type)) return [];
  return [`update of "${name}": ${printType(value.type)} for ${printType(type)}`];
}

function findRepeated(role: string, declared: readonly { readonly name: string }[]): string[] {
  const names = declared.map(({ name }) => name);
  return names.filter((name, i) => names.indexOf(name) < i).map((name) => `${role} "${name}" is there twice`);
}
