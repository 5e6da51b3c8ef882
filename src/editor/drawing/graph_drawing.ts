/** Draws a graph as boxes and arrows, with one box for each block of the model: a whole training step in one picture. */
import { printType } from '../../graph/dims.ts';
import type { Graph } from '../../graph/graph.ts';
import type { Box, Drawing } from './drawn.ts';

/** Depth of names: a node with a longer name belongs to the box of its block. */
const deepest = 3;
/** Number of shapes for which a box has room. */
const mostShapes = 3;

interface NodeGroup {
  readonly name: string;
  readonly ops: Map<string, number>;
  /** Inputs of the graph that the group reads. */
  readonly inputs: Set<string>;
  readonly reads: Set<NodeGroup>;
  /** Types of the group's values that other groups read. */
  readonly gives: Set<string>;
  readonly outputs: string[];
  weights: number;
}

/** @param towers names of the towers: their blocks are columns, and everything else comes below them, like the tasks of a model */
export function drawingOfGraph(graph: Graph, towers: readonly string[]): Drawing {
  const groups = reduced(groupsOf(graph));
  const boxes = groups.map((group) => ({ tower: towerOf(group.name, towers), box: boxOf(group, towers) }));
  return {
    towers: towers.flatMap((name) => {
      const towerBoxes = boxes.flatMap(({ tower, box }) => (tower === name ? [box] : []));
      return towerBoxes.length > 0 ? [{ name, boxes: towerBoxes }] : [];
    }),
    tasks: boxes.flatMap(({ tower, box }) => (tower === undefined ? [box] : [])),
  };
}

/** Returns the groups in topological order. */
function groupsOf({ nodes, inputs, parameters, outputs, updates }: Graph): NodeGroup[] {
  const groups = new Map<string, NodeGroup>();
  const groupNamed = (name: string): NodeGroup => {
    let group = groups.get(name);
    if (!group) {
      group = { name, ops: new Map(), inputs: new Set(), reads: new Set(), gives: new Set(), outputs: [], weights: 0 };
      groups.set(name, group);
    }
    return group;
  };
  const inputNames = new Map(inputs.map(({ name, node }) => [node, name]));
  const of = nodes.map((node): NodeGroup | undefined => {
    if (node.op === 'Input' || node.op === 'Parameter' || node.op === 'Constant') return undefined;
    return groupNamed(blockOf(node.label));
  });
  nodes.forEach(({ op, inputs: operands }, id) => {
    const group = of[id];
    if (!group) return;
    group.ops.set(op, (group.ops.get(op) ?? 0) + 1);
    for (const operand of operands) {
      const inputName = inputNames.get(operand);
      if (inputName !== undefined) group.inputs.add(inputName);
      const sourceGroup = of[operand];
      if (!sourceGroup || sourceGroup === group) continue;
      group.reads.add(sourceGroup);
      sourceGroup.gives.add(printType(nodes[operand]!.type));
    }
  });
  for (const { name, node, trainable } of parameters) {
    const group = groups.get(blockOf(name.split('/').slice(0, -1).join('/')));
    const { shape } = nodes[node]!.type;
    if (group && trainable) group.weights += shape.reduce<number>((all, dim) => all * Number(dim), 1);
  }
  for (const { name, node } of outputs) {
    of[node]?.outputs.push(name);
    of[node]?.gives.add(printType(nodes[node]!.type));
  }
  for (const { node } of updates) of[node]?.outputs.push('new weights');
  return inOrder([...groups.values()]);
}

/**
 * Sorts groups so that arrows point down. Ops of one block need not be adjacent, so two blocks may read each other. Of such a cycle, the block that begins
 * first comes first, and the arrow from the later block is left out.
 */
function inOrder(groups: readonly NodeGroup[]): NodeGroup[] {
  const order = new Set<NodeGroup>();
  const unplacedGroups = new Set(groups);
  while (unplacedGroups.size > 0) {
    const all = [...unplacedGroups];
    const next = all.find(({ reads }) => [...reads].every((read) => order.has(read))) ?? all[0]!;
    for (const read of next.reads) if (!order.has(read)) next.reads.delete(read);
    unplacedGroups.delete(next);
    order.add(next);
  }
  return [...order];
}

/** `gradient/user/main/mlp/layer` → `gradient/user/main/mlp`. */
function blockOf(label: string): string {
  const labelParts = label.split('/');
  return labelParts.slice(0, labelParts[0] === 'gradient' ? deepest + 1 : deepest).join('/') || 'other';
}

/** Removes arrows that a longer path replaces: values that flow on keep theirs; values that the backward pass only looks up again lose theirs. */
function reduced(groups: readonly NodeGroup[]): readonly NodeGroup[] {
  const before = new Map<NodeGroup, Set<NodeGroup>>();
  for (const group of groups) {
    const all = new Set([...group.reads].flatMap((read) => [read, ...before.get(read)!]));
    before.set(group, all);
  }
  return groups.map((group) => ({
    ...group,
    reads: new Set([...group.reads].filter((read) => ![...group.reads].some((other) => before.get(other)!.has(read)))),
  }));
}

const towerOf = (name: string, towers: readonly string[]): string | undefined =>
  towers.find((tower) => name.startsWith(`${tower}/`));

function boxOf({ name, ops, inputs, reads, gives, outputs, weights }: NodeGroup, towers: readonly string[]): Box {
  const tower = towerOf(name, towers);
  // A tower is a column. A block of the other tower that it reads is named instead of an arrow.
  const isNear = (read: NodeGroup): boolean => tower === undefined || towerOf(read.name, towers) === tower;
  const names = (all: readonly NodeGroup[]): string[] => all.map((each) => each.name);
  const far = names([...reads].filter((each) => !isNear(each)));
  const read = [...inputs, ...far];
  const counts = [...ops].sort((a, b) => b[1] - a[1]).map(([op, count]) => (count === 1 ? op : `${count} ${op}`));
  const shapes = [...gives];
  const moreShapes = shapes.length > mostShapes ? ', …' : '';
  return {
    id: name,
    kind: /^(optimizer|gradient)(\/|$)/.test(name) ? 'back' : 'step',
    name: tower === undefined ? name : name.slice(tower.length + 1),
    lines: [
      ...(read.length > 0 ? [{ text: `reads ${read.join(', ')}` }] : []),
      {
        text: counts.join(', '),
        gives: shapes.length > 0 ? shapes.slice(0, mostShapes).join(', ') + moreShapes : undefined,
      },
      ...(outputs.length > 0 ? [{ text: `gives ${[...new Set(outputs)].join(', ')}` }] : []),
    ],
    reads: names([...reads].filter(isNear)),
    weights: weights > 0 ? weights : undefined,
  };
}
