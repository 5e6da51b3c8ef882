import { expect, test } from 'vitest';
import { weightings } from '../../../../src/compiler/library/weightings/table.ts';
import { makeBuilder } from '../../../../src/graph/builder.ts';
import { differentiate } from '../../../../src/graph/differentiate.ts';
import { evaluateGraph } from '../../../../src/graph/evaluate.ts';
import { contextOf, expectClose, floats } from '../support.ts';

test('uncertainty ends where e^−s · L is ½ for each task: its minimum for losses that do not change', () => {
  const builder = makeBuilder('uncertainty');
  const losses = ['click', 'like'].map((task) => ({ task, loss: builder.input(task, []), regression: false }));
  const context = {
    ...contextOf(builder),
    losses,
    shared: [],
    lastShared: [],
    gradients: () => [],
    sumByTableRow: () => [],
  };
  const { total } = weightings.uncertainty!.lower(context, { tasks: ['click', 'like'] });
  const names = ['log_variance_click', 'log_variance_like'];
  const parameters = builder.finish().parameters;
  expect(parameters.map(({ name }) => name)).toEqual(names);
  const refs = parameters.map(({ node }) => ({ id: node, type: builder.nodes[node]!.type }));
  builder.output('total', total);
  differentiate(builder, total, refs).forEach((gradient, at) => {
    builder.update(refs[at]!, builder.sub(refs[at]!, builder.mul(gradient!, 0.5)));
  });
  const graph = builder.finish();
  const inputs = { click: floats([], [4]), like: floats([], [0.02]) };
  let values: Parameters<typeof evaluateGraph>[2] = Object.fromEntries(names.map((name) => [name, floats([1], [0])]));
  expectClose(evaluateGraph(graph, inputs, values).outputs.total!.data, [4.02]);
  for (let step = 0; step < 200; step++) values = evaluateGraph(graph, inputs, values).parameters;
  expectClose(values.log_variance_click!.data, [Math.log(8)], 1e-5);
  expectClose(values.log_variance_like!.data, [Math.log(0.04)], 1e-5);
});
