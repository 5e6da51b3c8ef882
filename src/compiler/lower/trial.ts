/** Towers on numbers: no block declares how it reads a sequence, so it is tried. */
import { makeRandom } from '../../base/random/random.ts';
import type { Ref } from '../../graph/builder.ts';
import { evenSizes } from '../../graph/count.ts';
import { resolveShape } from '../../graph/dims.ts';
import { hostDtype, type NamedTensors } from '../../graph/evaluate.ts';
import { initialValues } from '../../graph/initial.ts';
import type { GraphPlan } from '../../graph/plan/plan.ts';
import type { Value } from '../library/contract.ts';
import type { LoweredFeatures } from './features.ts';

export function tensorsOf(value: Value): readonly Ref[] {
  if (value.kind === 'fields') return value.fields.map(({ tensor }) => tensor);
  if (value.kind === 'outputs') return [...value.outputs.values()].map(({ tensor }) => tensor);
  return [value.tensor];
}

/** Cuts this list, and all along it, to at most `longest` elements. */
export function withShortList(features: LoweredFeatures, list: string, longest: number): LoweredFeatures {
  const byName = [...features.byName].map(([name, whole]) => {
    if (name !== list && whole.use.along !== list) return [name, whole] as const;
    const max = Math.min(whole.use.max!, longest);
    return [name, { ...whole, use: { ...whole.use, max }, plan: { ...whole.plan, max } }] as const;
  });
  return { ...features, byName: new Map(byName) };
}

/** True if two results of one step differ by more than rounding of float32 over long sums; what an element says is more. */
export const isOther = (a: number, b: number): boolean => !(Math.abs(a - b) <= 1e-4 * (1 + Math.abs(b)));

/** How many elements its sequences have. */
export function sequenceLength({ graph, inputs }: GraphPlan): number {
  const sequenceIndex = inputs.findIndex(({ source }) => source.from === 'sequence');
  return sequenceIndex < 0 ? 1 : (graph.nodes[graph.inputs[sequenceIndex]!.node]!.type.shape[1] as number);
}

/** One sequence of this many elements. Nothing is dropped out. */
export function numbersFor({ graph, inputs }: GraphPlan, elements: number): NamedTensors {
  const sizes = evenSizes(graph, 1);
  return Object.fromEntries(
    inputs.map(({ name, source }, at) => {
      const { shape: dims, dtype } = graph.nodes[graph.inputs[at]!.node]!.type;
      const shape = resolveShape(dims, sizes);
      const data = new Float32Array(shape.reduce((product, length) => product * length, 1));
      const ownData = data.subarray(0, (data.length / shape[1]!) * elements);
      if (source.from === 'sequence') makeRandom(1, at).fill(ownData, -1, 1);
      else if (source.from === 'mask') ownData.fill(1);
      else if (source.from === 'embedding') makeRandom(3, at).fill(data, -1, 1);
      else if (source.from === 'noise') data.fill(1 - 2 ** -20);
      return [name, { dtype: hostDtype(dtype), shape, data: dtype === 'int32' ? Int32Array.from(data) : data }];
    }),
  );
}

/** First values, moved: a weight that begins at 0 would hide what it reads. */
export function weightsOf({ graph }: GraphPlan): NamedTensors {
  return Object.fromEntries(
    Object.entries(initialValues(graph, 1)).map(([name, tensor], at) => {
      const moves = new Float32Array(tensor.data.length);
      makeRandom(2, at).fill(moves, 0.02, 0.2);
      return [name, { ...tensor, data: moves.map((move, i) => move + tensor.data[i]!) }];
    }),
  );
}
