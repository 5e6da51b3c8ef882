import type { Engine, Tensors } from '../../src/engine/engine.ts';
import { evaluate } from '../../src/graph/evaluate.ts';
import type { Tensor } from '../../src/graph/graph.ts';

export const copies = (tensors: Tensors): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() }]));

/** The living definition of every op behind the contract of an engine: slow, and nobody's runtime. */
export const plainEngine: Engine = {
  name: 'javascript',
  version: 'plain arrays',
  async prepare(graph, parameters) {
    let held = copies(parameters);
    return {
      async run(inputs) {
        const { outputs, parameters: next } = evaluate(graph, inputs, held);
        held = copies(next);
        return copies(outputs);
      },
      read: async () => copies(held),
      async write(values) {
        held = { ...held, ...copies(values) };
      },
      close: async () => {},
    };
  },
};
