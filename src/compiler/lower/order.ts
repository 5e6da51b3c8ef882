/**
 * Finds out if the query tower reads a list in its order: `history = others(…)` has none. A trial runs the tower with the elements the
 * other way round. What makes a sequence must then give the same the other way round, and what makes one value the same value.
 */
import { makeBuilder } from '../../graph/builder.ts';
import { evaluateGraph, type NamedTensors } from '../../graph/evaluate.ts';
import type { Tensor } from '../../graph/graph.ts';
import type { GraphPlan } from '../../graph/plan/plan.ts';
import type { Value } from '../library/contract.ts';
import { withoutUnread } from '../model/complete.ts';
import type { Model } from '../model/model.ts';
import { isSequence } from './field.ts';
import { finished } from './finish.ts';
import type { Visited } from './flow.ts';
import { GraphInputs } from './inputs.ts';
import { lowerFeaturesWhole } from './through.ts';
import { lowerTower, makeTowerContext } from './tower.ts';
import { isOther, numbersFor, sequenceLength, tensorsOf, weightsOf, withShortList } from './trial.ts';

/** Enough for what reads elements that are some places apart. */
const longest = 24;

/** The first step of the query tower that reads the order of a list; nothing where none does. Of a model without a mistake. */
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
  const length = sequenceLength(trial);
  const along = (name: string): boolean => name === list || features.byName.get(name)?.use.along === list;
  const weights = weightsOf(trial);
  const inOrder = numbersFor(trial, length);
  const [one, other] = [inOrder, turned(trial, inOrder, along)].map(
    (each) => evaluateGraph(trial.graph, each, weights).outputs,
  );
  const firstReader = outputSteps.findIndex(({ isSequence: ofSequence }, index) => {
    const [a, b] = [one![`${index}`]!, other![`${index}`]!];
    // A sequence of another list stays as it is.
    return differs(a, b) && !(ofSequence && !differs(a, reversed(b)));
  });
  return outputSteps[firstReader]?.visited;
}

function turned({ inputs }: GraphPlan, given: NamedTensors, along: (feature: string) => boolean): NamedTensors {
  const sequences = inputs.filter(({ source }) => source.from === 'sequence' && along(source.feature));
  return { ...given, ...Object.fromEntries(sequences.map(({ name }) => [name, reversed(given[name]!)])) };
}

/** The elements of a tensor [1, elements, width] the other way round. */
function reversed(tensor: Tensor): Tensor {
  const [, elements, width = 1] = tensor.shape;
  const data = new Float32Array(tensor.data.length);
  for (let at = 0; at < elements!; at++)
    data.set(tensor.data.slice(at * width, (at + 1) * width), (elements! - 1 - at) * width);
  return { ...tensor, data };
}

const differs = (a: Tensor, b: Tensor): boolean => a.data.some((value, at) => isOther(value, b.data[at]!));
