/** A whole training step on every engine: the numbers of plain arrays, and the same bits each time. */
import { beforeAll, describe, expect, it } from 'vitest';
import { randomTensors, stepGraph } from '../../bench/step_graph.ts';
import type { Engine, Tensors } from '../../src/engines/engine.ts';
import { engineOrSkip, expectEngineToAgree, names } from './support.ts';

const graph = stepGraph();
const parameters = randomTensors(graph, 'parameters', {});

/** Everything that comes out of some steps of different batches: outputs after each, then the parameters. */
async function train(engine: Engine, batches: readonly number[]): Promise<Tensors[]> {
  const program = await engine.prepare(graph, parameters);
  const seen: Tensors[] = [];
  for (const [step, batch] of batches.entries()) {
    seen.push(await program.run(randomTensors(graph, 'inputs', { batch }, step)));
  }
  seen.push(await program.read());
  await program.close();
  return seen;
}

describe.each(names)('a training step on %s', (name) => {
  let engine: Engine | undefined;
  beforeAll(async () => {
    engine = await engineOrSkip(name);
  });

  it('gives what plain arrays give, step after step', async () => {
    if (!engine) return;
    await expectEngineToAgree(engine, graph, randomTensors(graph, 'inputs', { batch: 12 }), parameters, 3);
  });

  it('gives the same bits when it is run again, also where many threads work', async () => {
    if (!engine) return;
    const batches = name === 'javascript' ? [64, 30] : [1024, 512, 1024, 77];
    const [first, second] = [await train(engine, batches), await train(engine, batches)];
    for (const [step, tensors] of first.entries()) {
      for (const [output, { data }] of Object.entries(tensors)) {
        const other = second[step]![output]!.data;
        expect(
          Buffer.from(data.buffer, data.byteOffset, data.byteLength).equals(
            Buffer.from(other.buffer, other.byteOffset, other.byteLength),
          ),
          `${output} of step ${step}`,
        ).toBe(true);
      }
    }
  });

  it('lowers the loss', async () => {
    if (!engine) return;
    const program = await engine.prepare(graph, parameters);
    const inputs = randomTensors(graph, 'inputs', { batch: 32 });
    const losses: number[] = [];
    for (let step = 0; step < 20; step += 1) losses.push((await program.run(inputs)).loss!.data[0]!);
    await program.close();
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
  });

  it('keeps inputs and outputs apart from what it holds', async () => {
    if (!engine) return;
    const program = await engine.prepare(graph, parameters);
    const inputs = randomTensors(graph, 'inputs', { batch: 8 });
    const before = await program.read();
    const copies = Object.fromEntries(Object.entries(before).map(([key, { data }]) => [key, data.slice()]));
    const outputs = await program.run(inputs);
    const gradient = outputs['gradient:user']!.data.slice();
    for (const { data } of Object.values(inputs)) data.fill(0);
    await program.run(inputs);
    expect(outputs['gradient:user']!.data).toEqual(gradient);
    for (const [key, { data }] of Object.entries(before)) expect(data).toEqual(copies[key]);
    await program.write(before);
    for (const [key, { data }] of Object.entries(await program.read())) expect(data).toEqual(copies[key]);
    await program.close();
  });

  it('refuses a missing input and one of another shape, by name', async () => {
    if (!engine) return;
    const program = await engine.prepare(graph, parameters);
    const { user, item } = randomTensors(graph, 'inputs', { batch: 8 }) as Required<Tensors>;
    await expect(program.run({ user: user! })).rejects.toThrow('item');
    await expect(program.run({ user: user!, item: { ...item!, shape: [4, 512] } })).rejects.toThrow('item');
    await program.close();
  });
});
