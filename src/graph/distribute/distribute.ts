/**
 * Rewrites a graph of one worker as the graph that each of several workers runs on its share of the rows. The values are the same, up to the rounding of sums.
 * It is rewritten after its gradients were added, so gradients need no rules of their own. Ops between workers are inserted where a value needs the rows of
 * all. A table (`rules.ts`) has the rule of each op for shares, as in GSPMD (Xu et al. 2021).
 */
import { GraphWriter, makeBuilderFor, type Ref } from '../builder.ts';
import type { ComputedOp, Graph } from '../graph.ts';
import { removeDead } from '../passes/dead.ts';
import { shareRuleOf } from './rules.ts';
import { CannotShare, type SharedValue, Shares } from './values.ts';

/** The part of an input that a worker gets: all of it, or its own rows. */
export interface InputShare {
  readonly portion: 'all' | 'rows';
  /** Column of the last axis whose numbers are indexes among a worker's own rows. */
  readonly localIndexColumn?: number;
}

export interface Distribution {
  /** By name; an input that is absent is whole on each worker. */
  readonly inputs: ReadonlyMap<string, InputShare>;
  /** Lengths for which each worker counts its own rows, because there is no order of all rows. */
  readonly localSymbols: ReadonlySet<string>;
}

/** Thrown for a graph that cannot be shared, with the label of the node. */
export class CannotDistribute extends Error {
  constructor(
    readonly label: string,
    readonly op: string,
  ) {
    super(`${op} of ${label} cannot be shared`);
  }
}

/** @throws CannotDistribute */
export function distribute(graph: Graph, { inputs, localSymbols }: Distribution): Graph {
  const writer = new GraphWriter(graph.name);
  const builder = makeBuilderFor(writer);
  const shares = new Shares(builder, localSymbols);
  const values: SharedValue[] = [];
  const addInput = (name: string, id: number): SharedValue => {
    const { type } = graph.nodes[id]!;
    const share = inputs.get(name);
    const [first] = type.shape;
    if (share?.portion !== 'rows' || first === undefined || typeof first === 'number') {
      return { ref: writer.input(name, type) };
    }
    const symbol = first.symbol;
    const ownShape = [shares.ownDim(first, symbol), ...type.shape.slice(1)];
    const ref = writer.input(name, { dtype: type.dtype, shape: ownShape });
    return {
      ref,
      axis: 0,
      symbol,
      ...(share.localIndexColumn === undefined ? {} : { localIndexColumn: share.localIndexColumn }),
    };
  };
  graph.nodes.forEach((node, id) => {
    const { op, attributes, label } = node;
    writer.label = label;
    const leafRef = op === 'Input' ? undefined : writer.copyLeaf(graph, node);
    if (op === 'Input') values[id] = addInput(String(attributes.name), id);
    else if (leafRef) values[id] = { ref: leafRef };
    else {
      try {
        values[id] = shareRuleOf(op as ComputedOp)({
          node,
          values: node.inputs.map((operand) => values[operand]!),
          shapes: node.inputs.map((operand) => graph.nodes[operand]!.type.shape),
          builder,
          shares,
          add: (operands, changed = attributes) => writer.reapply({ ...node, attributes: changed }, operands),
        });
      } catch (error) {
        if (error instanceof CannotShare) throw new CannotDistribute(label, op);
        throw error;
      }
    }
  });
  return removeDead(
    writer.finishCopy(
      // A worker has a share of the values that a mark names.
      { ...graph, marks: [] },
      (id) => shares.wholeOf(values[id]!),
      ({ name, node }) => outputRef(name, values[node]!),
    ),
  );

  /** Returns the value of an output. The gradient of an input is shared like the input; all other outputs are whole. */
  function outputRef(output: string, value: SharedValue): Ref {
    const gradientOf = output.startsWith('gradient:') ? output.slice('gradient:'.length) : undefined;
    const source =
      gradientOf === undefined ? undefined : graph.inputs.find((graphInput) => graphInput.name === gradientOf);
    const sourceValue = source && values[source.node]!;
    if (sourceValue?.axis === undefined) return shares.wholeOf(value);
    return value.axis === sourceValue.axis
      ? value.ref
      : shares.toShare(shares.wholeOf(value), sourceValue.axis, sourceValue.symbol!).ref;
  }
}
