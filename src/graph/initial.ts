/** Initial values of a graph's parameters. */
import { drawNormal, makeRandom } from '../base/random/random.ts';
import { countElements } from './dims.ts';
import type { NamedTensors } from './evaluate.ts';
import { type Graph, type Initial, type Tensor, tensorOf } from './graph.ts';

/** Each parameter has a random stream of its own, from the seed and its name, so that adding one does not change the others. */
export function initialValues(graph: Graph, seed: number): NamedTensors {
  const values: Record<string, Tensor> = {};
  for (const { name, node, initial } of graph.parameters) {
    const shape = graph.nodes[node]!.type.shape as readonly number[];
    values[name] = tensorOf(new Float32Array(countElements(shape)), ...shape);
    fillInitial(values[name].data as Float32Array, initial, seed, name);
  }
  return values;
}

function fillInitial(data: Float32Array, initial: Initial, seed: number, name: string): void {
  switch (initial.kind) {
    case 'zeros':
      return;
    case 'ones':
      data.fill(1);
      return;
    case 'constant':
      data.fill(initial.value);
      return;
    case 'uniform':
      makeRandom(seed, hashName(name)).fill(data, -initial.limit, initial.limit);
      return;
    case 'normal': {
      const random = makeRandom(seed, hashName(name));
      for (let index = 0; index < data.length; index++) data[index] = drawNormal(random, initial.deviation);
      return;
    }
    case 'glorot': {
      const limit = Math.sqrt(6 / (initial.fans[0] + initial.fans[1]));
      makeRandom(seed, hashName(name)).fill(data, -limit, limit);
    }
  }
}

/** Returns the FNV-1a hash, 32 bits. */
function hashName(text: string): number {
  let hashValue = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hashValue = Math.imul(hashValue ^ byte, 0x01000193);
  return hashValue >>> 0;
}
