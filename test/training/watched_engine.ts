import type { Engine } from '../../src/engines/engine.ts';

/** The same engine; `before` is called for every training step, counted from 1 in this process. */
export function watched(engine: Engine, before: (step: number) => Promise<void> | void): Engine {
  return {
    name: engine.name,
    version: engine.version,
    async prepare(graph, parameters) {
      const program = await engine.prepare(graph, parameters);
      if (!/(^|_)step$/.test(graph.name)) return program;
      let step = 0;
      return {
        async run(inputs) {
          await before(++step);
          return program.run(inputs);
        },
        read: () => program.read(),
        write: (values) => program.write(values),
        close: () => program.close(),
      };
    },
  };
}
