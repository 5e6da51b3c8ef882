/** The update of the dense weights, as part of the training step. */
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import { defined } from '../../base/util/defined.ts';
import { type Builder, makeBuilder, type Ref } from '../../graph/builder.ts';
import { optimizers } from '../library/optimizers/table.ts';
import { endToEnd } from '../library/values.ts';
import type { Call, Training } from '../model/model.ts';
import { GraphInputs, withoutConflict } from './inputs.ts';
import { type TowerOptimizer, towerOptimizers } from './overrides.ts';

export interface Weight {
  /** `user/main/mlp/weights` */
  readonly name: string;
  readonly parameter: Ref;
  readonly gradient: Ref;
}

/** Checks `dense = …` by a trial on one weight. */
export function checkOptimizer(call: Call): Diagnostic[] {
  const builder = makeBuilder('optimizer');
  const parameter = builder.parameter('weight', [1], { kind: 'zeros' });
  const weight = { name: 'weight', parameter, gradient: builder.constant([0]) };
  const diagnostics: Diagnostic[] = [];
  withoutConflict(call, diagnostics, () => updateAll(new GraphInputs(builder), call, [weight]));
  return diagnostics;
}

/** Checks `embeddings = …`. */
export function checkRowOptimizer(call: Call): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  withoutConflict(call, diagnostics, () => optimizers[call.kind]!.rows(call.arguments));
  return diagnostics;
}

/** The update of all weights; those of a tower that overrides settings of the optimizer are updated by themselves. */
export function lowerUpdate(inputs: GraphInputs, train: Training, weights: readonly Weight[]): void {
  const otherWeights = new Set(weights);
  for (const own of towerOptimizers(train)) {
    const its = weights.filter(({ name }) => name.startsWith(`${own.tower}/`));
    updateAll(inputs, own.call, its, own);
    for (const weight of its) otherWeights.delete(weight);
  }
  updateAll(inputs, train.dense, [...otherWeights]);
}

/** The update of all weights: end to end where the optimizer keeps slots of numbers that are alike, else each by itself. */
function updateAll(inputs: GraphInputs, call: Call, weights: readonly Weight[], of?: TowerOptimizer): void {
  if (weights.length === 0) return;
  const { builder } = inputs;
  const row = optimizers[call.kind]!;
  const ownRate = of?.rate;
  const stepInputs = {
    rate: inputs.input(
      ownRate === undefined ? 'train/rate' : `train/rate/${of!.tower}`,
      { from: 'rate', optimizer: 'dense', ...defined({ own: ownRate }) },
      [],
    ),
    step: inputs.input('train/step', { from: 'step' }, []),
  };
  builder.scope(of === undefined ? 'optimizer' : `optimizer/${of.tower}`, () => {
    if (!row.layerwise && row.slots(call.arguments).length > 0)
      return updateTogether(builder, call, weights, stepInputs);
    // Parameters that are updated one by one: those whose optimizer needs whole layers, or that are too few to be worth the copies.
    for (const weight of weights) updateOne(builder, call, weight, stepInputs);
  });
}

/** The optimizer's slots are `optimizer/<slot>/<weight>`. */
function updateOne(builder: Builder, call: Call, { name, parameter, gradient }: Weight, at: StepInputs): void {
  const slots = slotsOf(builder, call, parameter.type.shape as readonly number[], `/${name}`);
  const operands = { ...at, weights: parameter, gradient, slots };
  const updatedValues = optimizers[call.kind]!.update(builder, operands, call.arguments);
  builder.update(parameter, updatedValues.weights);
  updatedValues.slots.forEach((slot, index) => {
    builder.update(slots[index]!, slot);
  });
}

const slotsOf = (builder: Builder, call: Call, shape: readonly number[], suffix = ''): readonly Ref[] =>
  optimizers[call.kind]!.slots(call.arguments).map(({ name, initial: value }) =>
    builder.parameter(`${name}${suffix}`, shape, { kind: 'constant', value }, { trainable: false }),
  );

interface StepInputs {
  readonly rate: Ref;
  readonly step: Ref;
}

/**
 * One update of all weights end to end, so that an engine runs a handful of ops however many layers there are. The
 * optimizer's slots are flat as well: `optimizer/<slot>`, as long as all weights together, in the order of the graph's.
 */
function updateTogether(builder: Builder, call: Call, weights: readonly Weight[], at: StepInputs): void {
  const sizes = weights.map(({ parameter }) => elements(parameter));
  const numberCount = sizes.reduce((sum, size) => sum + size, 0);
  const flat = (refs: readonly Ref[]): Ref => {
    const flatWeights = refs.map((ref, index) => builder.reshape(ref, [sizes[index]!]));
    return endToEnd(builder, flatWeights, 0);
  };
  const slots = slotsOf(builder, call, [numberCount]);
  const operands = {
    ...at,
    weights: flat(weights.map(({ parameter }) => parameter)),
    gradient: flat(weights.map(({ gradient }) => gradient)),
    slots,
  };
  const updatedValues = optimizers[call.kind]!.update(builder, operands, call.arguments);
  updatedValues.slots.forEach((slot, index) => {
    builder.update(slots[index]!, slot);
  });
  let weightStart = 0;
  weights.forEach(({ parameter }, index) => {
    const piece = builder.slice(updatedValues.weights, [weightStart], [sizes[index]!]);
    builder.update(parameter, builder.reshape(piece, parameter.type.shape));
    weightStart += sizes[index]!;
  });
}

function elements({ type }: Ref): number {
  return type.shape.reduce<number>((product, length) => product * (length as number), 1);
}
