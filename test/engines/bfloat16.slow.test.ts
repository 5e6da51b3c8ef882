/** Steps in bfloat16: engines with kernels for it, and those that round after each op, are held to plain arrays that round. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engines/engine.ts';
import { evaluateGraph, toBfloat16 } from '../../src/graph/evaluate.ts';
import { useBfloat16 } from '../../src/graph/in_bfloat16.ts';
import { initialValues } from '../../src/graph/initial.ts';
import { feed, planOf } from '../compiler/library/support.ts';
import { bfloat16Cases } from '../graph/bfloat16_cases.ts';
import { distance, inDoubles, lengthOf } from '../graph/rounding.ts';
import { named } from '../graph/support.ts';
import { engineOrSkip, names } from './support.ts';

const { step } = planOf(`
  model narrow
  features {
    user_id : id(dim: 8)
    seen : list(movie_id, max: 6, pool: none)
    movie_id : id(dim: 8)
  }
  tower user(user_id, seen) keyed by user_id {
    taste = seen -> positions -> transformer(layers: 1, heads: 2) -> last
    channel main = concat(taste, user_id) -> mlp(16, 8)
  }
  tower item(movie_id) keyed by movie_id { channel main = movie_id -> mlp(16, 8) }
  task watch { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.2) }
  train { dense = sgd(rate: 1.0) }
`);
const graph = useBfloat16(step.graph, { minOperations: 0 });
const inputs = feed(step, 5);
const parameters = initialValues(step.graph, 5);
const exact = inDoubles(step.graph, inputs, parameters);
const drawn = [1, 2, 3].map((stream) => inDoubles(graph, inputs, parameters, stream));

describe.each(names)('%s', (name) => {
  let engine: Engine | undefined;
  beforeAll(async () => {
    engine = await engineOrSkip(name);
  });

  it.each(Object.keys(bfloat16Cases))('%s agrees with plain arrays to one rounding', async (title) => {
    if (!engine) return;
    const { graph: own, given } = bfloat16Cases[title]!;
    const program = await engine.prepare(own, {});
    const found = (await program.run(named(given))).y!.data;
    const expected = evaluateGraph(own, named(given), {}).outputs.y!.data;
    expect([...found]).toEqual(Array.from(found, toBfloat16));
    expected.forEach((value, i) => {
      // A sum in another order may round to the number next to it, whose place is 2 ** -7 of it.
      expect(Math.abs(found[i]! - value), `[${i}]: ${found[i]}, not ${value}`).toBeLessThanOrEqual(
        2 ** -7 * Math.abs(value) + 1e-7,
      );
    });
    await program.close();
  });

  it('takes a step that its roundings explain, twice with the same bits', async () => {
    if (!engine) return;
    const runs = [];
    for (let at = 0; at < 2; at += 1) {
      const program = await engine.prepare(graph, parameters);
      runs.push([await program.run(inputs), await program.read()] as const);
      await program.close();
    }
    expect(runs[1]).toEqual(runs[0]);
    const [outputs, after] = runs[0]!;
    for (const [output, values] of exact) {
      const found = (output.startsWith(':') ? after[output.slice(1)] : outputs[output])!.data;
      const explained = Math.max(...drawn.map((each) => distance(each.get(output)!, values)));
      const off = distance(found, values);
      if (values.length > 1) expect(off, output).toBeLessThanOrEqual(2 * explained + 1e-5 * lengthOf(values));
      else expect(off, output).toBeLessThanOrEqual(0.02 * Math.abs(values[0]!));
    }
    // It did round.
    const wide = await engine.prepare(step.graph, parameters);
    const { loss } = await wide.run(inputs);
    expect(outputs.loss!.data[0]).not.toBe(loss!.data[0]);
    await wide.close();
  });
});
