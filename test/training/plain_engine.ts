import { copyTensors } from '../../src/engines/check.ts';
import type { Engine } from '../../src/engines/engine.ts';
import { evaluateGraph } from '../../src/graph/evaluate.ts';

/** The living definition of every op behind the contract of an engine: slow, and nobody's runtime. */
export const plainEngine: Engine = {
  name: 'javascript',
  version: 'plain arrays',
  async prepare(graph, parameters) {
    let held = copyTensors(parameters);
    return {
      async run(inputs) {
        const { outputs, parameters: next } = evaluateGraph(graph, inputs, held);
        held = copyTensors(next);
        return copyTensors(outputs);
      },
      read: async () => copyTensors(held),
      async write(values) {
        held = { ...held, ...copyTensors(values) };
      },
      close: async () => {},
    };
  },
};
