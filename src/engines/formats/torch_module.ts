/**
 * Writes a graph as a Python module with one function of torch, which takes the inputs and the parameters in order, and returns the outputs and the new values
 * of the parameters that change. The caller holds the state.
 */
import type { Graph } from '../../graph/graph.ts';
import { torchTable } from './torch_table.ts';
import { commentText, pythonString, TorchWriter, typeText } from './torch_writer.ts';

export interface TorchModule {
  readonly source: string;
  /** Name of the function in the module. */
  readonly entry: string;
}

/** @param isTimed calls `__clock`, which must then be in the module, with each node after computing it */
export function torchModule(graph: Graph, isTimed = false): TorchModule {
  const writer = new TorchWriter(graph, torchTable, isTimed);
  const { entry } = writer;
  const argument = ({ name, node }: { readonly name: string; readonly node: number }): string => {
    const pythonName = writer.leaves.get(node)!;
    const typeComment = typeText(graph.nodes[node]!.type);
    return `    ${pythonName},  # ${pythonName === name ? typeComment : `${typeComment} ${commentText(name)}`}`;
  };
  const returnLines = [
    ...graph.outputs.map(({ name, node }) => [writer.tensor(node), name] as const),
    ...graph.updates.map(({ parameter, node }) => [writer.tensor(node), `new ${parameter}`] as const),
  ].map(([code, name]) => `        ${code},${code === name ? '' : `  # ${commentText(name)}`}`);
  const bodyLines = [...writer.prologue(), ...writer.lines].flatMap((line) => line.split('\n'));
  const source = [
    `"""Graph ${commentText(graph.name).replace(/["\\]/g, '?')}, written by Tower: outputs, then new values of parameters."""`,
    'import torch',
    'from torch.nn import functional',
    '',
    ...nameList('INPUTS', graph.inputs),
    ...nameList('PARAMETERS', graph.parameters),
    ...nameList('OUTPUTS', graph.outputs),
    ...nameList(
      'UPDATES',
      graph.updates.map(({ parameter }) => ({ name: parameter })),
    ),
    ...writer.tables.flatMap((table) => ['', table]),
    '',
    '',
    `def ${entry}(`,
    ...(graph.inputs.length === 0 ? [] : ['    # inputs', ...graph.inputs.map(argument)]),
    ...(graph.parameters.length === 0 ? [] : ['    # parameters', ...graph.parameters.map(argument)]),
    '):',
    ...bodyLines.map((line) => (line === '' ? '' : `    ${line}`)),
    '',
    ...(returnLines.length === 0 ? ['    return ()'] : ['    return (', ...returnLines, '    )']),
  ];
  return { source: `${source.join('\n')}\n`, entry };
}

const nameList = (name: string, entries: readonly { readonly name: string }[]): readonly string[] => [
  `${name} = [`,
  ...entries.map((entry) => `    ${pythonString(entry.name)},`),
  ']',
];
