/**
 * A graph of one worker as the graph that each of several workers runs on its share of the rows: the same values, to the rounding of
 * sums. It is rewritten after its gradients were taken, so gradients need no rule of their own. Ops between workers come where a
 * value needs the rows of all. How each op works on shares is a table (`rules.ts`), as in GSPMD (Xu et al. 2021).
 */
import { builderOn, type Ref } from '../builder.ts';
import type { Attribute, Graph } from '../graph.ts';
import type { LeafName } from '../ops/row.ts';
import type { OpName } from '../ops.ts';
import { removeDead } from '../passes/dead.ts';
import { GraphWriter } from '../writer.ts';
import { shareRules } from './rules.ts';
import { CannotShare, Shares, type Value } from './values.ts';

/** What a worker is given of an input: all of it, or its rows. */
export interface InputShare {
  readonly of: 'all' | 'rows';
  /** Column of the last axis whose numbers count a worker's own rows. */
  readonly points?: number;
}

export interface Distribution {
  /** By name; an input that is absent is whole on each worker. */
  readonly inputs: ReadonlyMap<string, InputShare>;
  /** Lengths of which each worker counts its own rows: there is no order of all. */
  readonly local: ReadonlySet<string>;
}

/** Where a graph cannot be shared: the label of the node. */
export class CannotDistribute extends Error {
  constructor(
    readonly label: string,
    readonly op: string,
  ) {
    super(`${op} of ${label} cannot be shared`);
  }
}

/** @throws CannotDistribute */
export function distribute(graph: Graph, { inputs, local }: Distribution): Graph {
  const writer = new GraphWriter(graph.name);
  const builder = builderOn(writer);
  const shares = new Shares(builder, local);
  const values: Value[] = [];
  const input = (name: string, id: number): Value => {
    const { type } = graph.nodes[id]!;
    const share = inputs.get(name);
    const [first] = type.shape;
    if (share?.of !== 'rows' || first === undefined || typeof first === 'number') {
      return { ref: writer.input(name, type) };
    }
    const symbol = first.symbol;
    const shape = [shares.ownDim(first, symbol), ...type.shape.slice(1)];
    const ref = writer.input(name, { dtype: type.dtype, shape });
    return { ref, axis: 0, symbol, ...(share.points === undefined ? {} : { points: share.points }) };
  };
  graph.nodes.forEach((node, id) => {
    const { op, attributes, type, label } = node;
    writer.label = label;
    const name = String(attributes.name);
    if (op === 'Input') values[id] = input(name, id);
    else if (op === 'Constant') values[id] = { ref: writer.copyConstant(attributes.values as readonly number[], type) };
    else if (op === 'Parameter') {
      const { initial, trainable } = graph.parameters.find((parameter) => parameter.name === name)!;
      values[id] = { ref: writer.parameter(name, type, initial, trainable) };
    } else {
      const add = (operands: readonly Ref[], other?: Readonly<Record<string, Attribute>>): Ref =>
        writer.add(op as Exclude<OpName, LeafName>, operands, other ?? attributes);
      try {
        values[id] = shareRules[op as Exclude<OpName, LeafName>]({
          node,
          values: node.inputs.map((each) => values[each]!),
          shapes: node.inputs.map((each) => graph.nodes[each]!.type.shape),
          builder,
          shares,
          add,
        });
      } catch (error) {
        if (error instanceof CannotShare) throw new CannotDistribute(label, op);
        throw error;
      }
    }
  });
  writer.label = '';
  for (const { name, node } of graph.outputs) writer.output(name, given(name, values[node]!));
  for (const { parameter, node } of graph.updates) {
    const { node: own } = graph.parameters.find((each) => each.name === parameter)!;
    writer.update(values[own]!.ref, shares.whole(values[node]!));
  }
  return removeDead(writer.finish());

  /** The gradient of an input is shared as the input is; all else is whole. */
  function given(output: string, value: Value): Ref {
    const name = output.startsWith('gradient:') ? output.slice('gradient:'.length) : undefined;
    const source = name === undefined ? undefined : graph.inputs.find((each) => each.name === name);
    const of = source && values[source.node]!;
    if (of?.axis === undefined) return shares.whole(value);
    return value.axis === of.axis ? value.ref : shares.cut(shares.whole(value), of.axis, of.symbol!).ref;
  }
}
