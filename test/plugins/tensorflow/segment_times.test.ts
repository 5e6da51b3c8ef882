import { expect, it } from 'vitest';
import { stepGraph } from '../../../bench/step_graph.ts';
import { sequentialOps } from '../../../src/engines/formats/one_by_one.ts';
import { stepNodes } from '../../../src/engines/formats/saved_model.ts';
import { scaledToSegments, segmentsOf } from '../../../src/plugins/tensorflow/segment_times.ts';

const graph = stepGraph();
const { writer, owners } = stepNodes(graph);
const singleOps = sequentialOps(graph, writer, owners);
const segments = segmentsOf(graph, singleOps);

it('cuts a step where the block changes, with each op in one segment', () => {
  expect(segments.flatMap(({ ops }) => ops)).toEqual(singleOps.ops);
  const labels = segments.map(({ ops }) => graph.nodes[ops[0]!.graphNode!]!.label);
  expect(labels.every((label, at) => label !== labels[at - 1])).toBe(true);
  expect(labels).toContain('loss/watch');
  expect(labels).toContain('gradient/asks/main/mlp');
});

it('fetches what later segments read, and at the end the results of the step', () => {
  const fetched = segments.map(({ fetches }) => new Set(fetches.split(',').map((name) => name.replace(/:0$/, ''))));
  segments.slice(1).forEach(({ ops }, at) => {
    const own = new Set(ops.map(({ node }) => node.name));
    const before = new Set(segments.slice(0, at + 1).flatMap((segment) => segment.ops.map(({ node }) => node.name)));
    for (const { node } of ops) {
      for (const input of node.input) if (before.has(input) && !own.has(input)) expect(fetched[at]).toContain(input);
    }
  });
  const results = [...graph.outputs, ...graph.updates].map(({ node }) => writer.valueOf(node));
  expect(results.filter((name) => !fetched.at(-1)!.has(name))).toEqual([]);
});

it('scales the times of ops to those of their segments, one after the other', () => {
  const times = singleOps.ops.map(({ node }, start) => ({ op: node.op, start, milliseconds: 2 }));
  const scaled = scaledToSegments(
    times,
    segments,
    segments.map((_, at) => at + 1),
  );
  expect(scaled.map(({ op }) => op)).toEqual(times.map(({ op }) => op));
  let [first, start] = [0, 0];
  segments.forEach(({ ops }, at) => {
    const own = scaled.slice(first, first + ops.length);
    first += ops.length;
    expect(own.reduce((sum, { milliseconds }) => sum + milliseconds, 0)).toBeCloseTo(at + 1, 9);
    expect(own[0]!.start).toBeCloseTo(start, 9);
    start += at + 1;
  });
});
