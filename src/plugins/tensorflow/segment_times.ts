/**
 * Times parts of a step in a session. Op by op the fusions of a session are lost and each op starts alone, which makes many small ops look as slow as few
 * large ones. So a session runs the step up to the end of each block, and a block takes what it adds.
 */

import type { OpTime } from '../../engines/engine.ts';
import type { SequentialOps, SingleOp } from '../../engines/formats/one_by_one.ts';
import type { Graph } from '../../graph/graph.ts';

/** Neighbouring ops of one block. */
interface Segment {
  readonly ops: readonly SingleOp[];
  /** The values that are fetched to run the step up to the last of these ops: all that is read later. */
  readonly fetches: string;
}

export function segmentsOf(graph: Graph, { ops, indexOfNode }: SequentialOps): readonly Segment[] {
  const results = new Set([...graph.outputs, ...graph.updates].map(({ node }) => indexOfNode(node)));
  const lastReaders = new Map<number, number>();
  for (const [order, { reads }] of ops.entries()) for (const read of reads) lastReaders.set(read, order);
  const labelOf = ({ graphNode }: SingleOp): string | undefined =>
    graphNode === undefined ? undefined : graph.nodes[graphNode]!.label;

  const segments: Segment[] = [];
  let begin = 0;
  for (const [order, op] of ops.entries()) {
    if (order + 1 < ops.length && labelOf(ops[order + 1]!) === labelOf(op)) continue;
    const open = ops.slice(0, order + 1).filter(({ index }) => results.has(index) || lastReaders.get(index)! > order);
    segments.push({ ops: ops.slice(begin, order + 1), fetches: open.map(({ node }) => `${node.name}:0`).join() });
    begin = order + 1;
  }
  return segments;
}

/** Runs for each of the inputs; the least of these runs counts, since the others waited for the processor. */
const repeats = 3;

/**
 * Returns the milliseconds of each segment: the mean over the inputs of what it adds to the segments before it.
 * @param run runs the step on an input as far as these values need
 */
export function segmentTimes(
  segments: readonly Segment[],
  inputs: number,
  run: (input: number, fetches: string) => void,
): readonly number[] {
  const added = segments.map(() => 0);
  for (let input = 0; input < inputs; input++) {
    const least = segments.map(() => Number.POSITIVE_INFINITY);
    // The first run of a shape prepares its kernels.
    for (let repeat = -1; repeat < repeats; repeat++) {
      for (const [index, { fetches }] of segments.entries()) {
        const start = performance.now();
        run(input, fetches);
        if (repeat >= 0) least[index] = Math.min(least[index]!, performance.now() - start);
      }
    }
    let before = 0;
    for (const [index, milliseconds] of least.entries()) {
      added[index]! += Math.max(0, milliseconds - before) / inputs;
      before = Math.max(before, milliseconds);
    }
  }
  return added;
}

/** Returns the times of ops with those of each segment scaled to what it takes in the session. */
export function scaledToSegments(
  times: readonly OpTime[],
  segments: readonly Segment[],
  milliseconds: readonly number[],
): OpTime[] {
  let [first, start] = [0, 0];
  return segments.flatMap(({ ops }, index) => {
    const segmentOps = times.slice(first, first + ops.length);
    first += ops.length;
    const sum = segmentOps.reduce((total, op) => total + op.milliseconds, 0);
    const scale = sum === 0 ? 0 : milliseconds[index]! / sum;
    return segmentOps.map((op) => {
      const scaled = { ...op, start, milliseconds: op.milliseconds * scale };
      start += scaled.milliseconds;
      return scaled;
    });
  });
}
