/**
 * Runs towers on numbers, because blocks do not declare how they read a sequence. This trial tests whether the query tower depends on the order of a list; the
 * list of `history = others(…)` has none. The trial reverses the list: then each sequence must come out reversed, and each single value unchanged.
 * `positions.ts` has the other trial.
 */
import { makeRandom } from '../../base/random/random.ts';
import { makeBuilder, type Ref } from '../../graph/builder.ts';
import { evenSizes } from '../../graph/count.ts';
import { resolveShape } from '../../graph/dims.ts';
import { evaluateGraph, hostDtype, type NamedTensors } from '../../graph/evaluate.ts';
import type { Tensor } from '../../graph/graph.ts';
import { initialValues } from '../../graph/initial.ts';
import type { GraphPlan } from '../../graph/plan/plan.ts';
import type { Value } from '../library/contract.ts';
import { withoutUnread } from '../model/complete.ts';
import type { Model } from '../model/model.ts';
import { isSequence } from './field.ts';
import type { Visited } from './flow.ts';
import { finished, GraphInputs } from './inputs.ts';
import type { LoweredFeatures } from './lower_features.ts';
import { lowerTower, makeTowerContext } from './lower_tower.ts';
import { lowerFeaturesWhole } from './through.ts';

export function tensorsOf(value: Value): readonly Ref[] {
  if (value.kind === 'fields') return value.fields.map(({ tensor }) => tensor);
  if (value.kind === 'outputs') return [...value.outputs.values()].map(({ tensor }) => tensor);
  return [value.tensor];
}

/** Truncates this list, and all features along it, to at most `longest` elements. */
export function withShortList(features: LoweredFeatures, list: string, longest: number): LoweredFeatures {
  const byName = [...features.byName].map(([name, whole]) => {
    if (name !== list && whole.use.along !== list) return [name, whole] as const;
    const max = Math.min(whole.use.max!, longest);
    return [name, { ...whole, use: { ...whole.use, max }, plan: { ...whole.plan, max } }] as const;
  });
  return { ...features, byName: new Map(byName) };
}

/** True if two results differ by more than the rounding of float32 in long sums. The effect of an element is larger. */
export const isOther = (a: number, b: number): boolean => !(Math.abs(a - b) <= 1e-4 * (1 + Math.abs(b)));

/** Returns the number of elements in the sequences. */
export function sequenceLength({ graph, inputs }: GraphPlan): number {
  const sequenceIndex = inputs.findIndex(({ source }) => source.from === 'sequence');
  return sequenceIndex < 0 ? 1 : (graph.nodes[graph.inputs[sequenceIndex]!.node]!.type.shape[1] as number);
}

/** Makes inputs with one sequence of this many elements, without dropout. */
export function numbersFor({ graph, inputs }: GraphPlan, elements: number): NamedTensors {
  const sizes = evenSizes(graph, 1);
  return Object.fromEntries(
    inputs.map(({ name, source }, index) => {
      const { shape: dims, dtype } = graph.nodes[graph.inputs[index]!.node]!.type;
      const shape = resolveShape(dims, sizes);
      const data = new Float32Array(shape.reduce((product, length) => product * length, 1));
      const ownData = data.subarray(0, (data.length / shape[1]!) * elements);
      if (source.from === 'sequence') makeRandom(1, index).fill(ownData, -1, 1);
      else if (source.from === 'mask') ownData.fill(1);
      else if (source.from === 'embedding') makeRandom(3, index).fill(data, -1, 1);
      else if (source.from === 'noise') data.fill(1 - 2 ** -20);
      return [name, { dtype: hostDtype(dtype), shape, data: dtype === 'int32' ? Int32Array.from(data) : data }];
    }),
  );
}

/** Returns perturbed initial values, because a weight that starts at 0 would hide its input. */
export function weightsOf({ graph }: GraphPlan): NamedTensors {
  return Object.fromEntries(
    Object.entries(initialValues(graph, 1)).map(([name, tensor], index) => {
      const moves = new Float32Array(tensor.data.length);
      makeRandom(2, index).fill(moves, 0.02, 0.2);
      return [name, { ...tensor, data: moves.map((move, i) => move + tensor.data[i]!) }];
    }),
  );
}

/** Maximum length, enough for blocks that combine elements at some distance. */
const longest = 24;

/** Returns the first step of the query tower that depends on the order of a list; undefined if none does. The model must have no errors. */
export function orderReadOf(whole: Model, list: string): Visited | undefined {
  const model = withoutUnread(whole);
  const features = lowerFeaturesWhole(model).output;
  const feature = features.byName.get(list);
  if (!feature || !isSequence(feature.use)) return undefined;
  const builder = makeBuilder('order');
  const inputs = new GraphInputs(builder);
  const outputSteps: { readonly visited: Visited; readonly isSequence: boolean }[] = [];
  const context = {
    ...makeTowerContext(inputs, withShortList(features, list, longest), false),
    visit(visited: Visited, value: Value): void {
      for (const tensor of tensorsOf(value)) {
        builder.output(`${outputSteps.push({ visited, isSequence: value.kind === 'sequence' }) - 1}`, tensor);
      }
    },
  };
  lowerTower(context, model.towers[0], { kind: 'events' });
  const trial = finished(inputs);
  const listLength = sequenceLength(trial);
  const along = (name: string): boolean => name === list || features.byName.get(name)?.use.along === list;
  const weights = weightsOf(trial);
  const inOrder = numbersFor(trial, listLength);
  const [one, other] = [inOrder, turned(trial, inOrder, along)].map(
    (each) => evaluateGraph(trial.graph, each, weights).outputs,
  );
  const firstReader = outputSteps.findIndex(({ isSequence: ofSequence }, index) => {
    const [a, b] = [one![`${index}`]!, other![`${index}`]!];
    // A sequence along this list comes out reversed; one along another list comes out unchanged.
    return differs(a, b) && !(ofSequence && !differs(a, reversed(b)));
  });
  return outputSteps[firstReader]?.visited;
}

function turned({ inputs }: GraphPlan, given: NamedTensors, along: (feature: string) => boolean): NamedTensors {
  const sequences = inputs.filter(({ source }) => source.from === 'sequence' && along(source.feature));
  return { ...given, ...Object.fromEntries(sequences.map(({ name }) => [name, reversed(given[name]!)])) };
}

/** Reverses the elements of a tensor [1, elements, width]. */
function reversed(tensor: Tensor): Tensor {
  const [, elements, width = 1] = tensor.shape;
  const data = new Float32Array(tensor.data.length);
  for (let index = 0; index < elements!; index++)
    data.set(tensor.data.slice(index * width, (index + 1) * width), (elements! - 1 - index) * width);
  return { ...tensor, data };
}

const differs = (a: Tensor, b: Tensor): boolean => a.data.some((value, index) => isOther(value, b.data[index]!));
