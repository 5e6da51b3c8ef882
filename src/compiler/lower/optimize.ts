/** Lowers the update of the dense weights, as part of the training step, and the `overrides` of optimizer settings. */
import { type Diagnostic, diagnose, hasErrors } from '../../base/diagnostics/diagnostic.ts';
import { type Builder, makeBuilder, type Ref } from '../../graph/builder.ts';
import type { TablePlan } from '../../graph/plan/plan.ts';
import { optimizers } from '../library/optimizers/table.ts';
import { endToEnd } from '../library/values.ts';
import type { Call, Model, Tower, Training } from '../model/model.ts';
import { makeLowering } from './flow.ts';
import { GraphInputs, withoutConflict } from './inputs.ts';
import type { LoweredFeatures } from './lower_features.ts';
import { lowerTower } from './lower_tower.ts';

export interface Weight {
  /** For example `user/main/mlp/weights`. */
  readonly name: string;
  readonly parameter: Ref;
  readonly gradient: Ref;
}

/** Checks `dense = …` by a trial with one weight. */
export function checkOptimizer(call: Call): Diagnostic[] {
  const builder = makeBuilder('optimizer');
  const parameter = builder.parameter('weight', [1], { kind: 'zeros' });
  const weight = { name: 'weight', parameter, gradient: builder.constant([0]) };
  return conflictsOf(call, () => updateAll(new GraphInputs(builder), call, [weight]));
}

/** Checks `embeddings = …`. */
export const checkRowOptimizer = (call: Call): Diagnostic[] =>
  conflictsOf(call, () => optimizers[call.kind]!.rows(call.arguments));

function conflictsOf(call: Call, make: () => unknown): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  withoutConflict(call, diagnostics, make);
  return diagnostics;
}

/** Lowers the update of all weights. A tower that overrides settings of the optimizer has its own update. */
export function lowerUpdate(inputs: GraphInputs, train: Training, weights: readonly Weight[]): void {
  const otherWeights = new Set(weights);
  for (const own of towerOptimizers(train)) {
    const its = weights.filter(({ name }) => name.startsWith(`${own.tower}/`));
    updateAll(inputs, own.call, its, own);
    for (const weight of its) otherWeights.delete(weight);
  }
  updateAll(inputs, train.dense, [...otherWeights]);
}

/** Updates all weights: concatenated if the optimizer has slots and does not work layer by layer, otherwise one by one. */
function updateAll(inputs: GraphInputs, call: Call, weights: readonly Weight[], of?: TowerOptimizer): void {
  if (weights.length === 0) return;
  const { builder } = inputs;
  const row = optimizers[call.kind]!;
  const ownRate = of?.rate;
  const stepInputs = {
    rate: inputs.input(
      ownRate === undefined ? 'train/rate' : `train/rate/${of!.tower}`,
      { from: 'rate', optimizer: 'dense', own: ownRate },
      [],
    ),
    step: inputs.input('train/step', { from: 'step' }, []),
  };
  builder.scope(of === undefined ? 'optimizer' : `optimizer/${of.tower}`, () => {
    if (!row.layerwise && row.slots(call.arguments).length > 0)
      return updateTogether(builder, call, weights, stepInputs);
    // A step that depends on a whole layer, or one without slots, which is too short to be worth the copies.
    for (const weight of weights) updateOne(builder, call, weight, stepInputs);
  });
}

/** Updates one weight. The optimizer's slots are `optimizer/<slot>/<weight>`. */
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
 * Updates all weights concatenated, so that an engine runs a few ops for any number of layers. The optimizer's slots are flat as well: `optimizer/<slot>`, with
 * the length of all weights, in the order of the graph's.
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

/** Lowers `overrides` of `train`: settings of an optimizer for the table of one feature, or for the weights of one tower. */
const settingNames = ['rate', 'l2', 'weight_decay'] as const;

interface Override {
  readonly call: Call;
  readonly name: string;
  readonly settings: Readonly<Record<string, number>>;
}

function overridesOf({ overrides = [] }: Pick<Training, 'overrides'>, kind: 'table' | 'weights'): readonly Override[] {
  return overrides.flatMap((call) => {
    if (call.kind !== kind) return [];
    const { feature, tower, ...settings } = call.arguments;
    const givenSettings = Object.fromEntries(
      Object.entries(settings).filter(([, value]) => value !== undefined),
    ) as Record<string, number>;
    return [{ call, name: (feature ?? tower) as string, settings: givenSettings }];
  });
}

/** Checks `overrides` of `train`. */
export function checkOverrides(
  { train, towers }: Pick<Model, 'train' | 'towers'>,
  features: LoweredFeatures,
): Diagnostic[] {
  const { byName } = features;
  const refuse = ({ call }: Override, reason: string): Diagnostic[] => [
    diagnose('arguments-conflict', call.span, { kind: call.kind, reason }),
  ];
  return (['table', 'weights'] as const).flatMap((kind) => {
    const optimizer = kind === 'table' ? train.embeddings.kind : train.dense.kind;
    const seenNames = new Set<string>();
    return overridesOf(train, kind).flatMap((override) => {
      const { name, settings } = override;
      if (seenNames.has(name)) return refuse(override, `overrides \`${name}\` a second time`);
      seenNames.add(name);
      if (Object.keys(settings).length === 0) {
        return refuse(
          override,
          `overrides nothing of \`${name}\`: give it ${settingNames.join(', ')} or several of them`,
        );
      }
      const strange = Object.keys(settings).find((setting) => !(setting in optimizers[optimizer]!.parameters));
      if (strange !== undefined) return refuse(override, `sets \`${strange}\`, which \`${optimizer}\` does not have`);
      if (kind === 'weights') {
        const tower = towers.find((each) => each.name === name);
        if (!tower || hasWeights(tower, features)) return [];
        return refuse(override, `names \`${name}\`, which has no weights but those of tables: use \`table(…)\``);
      }
      const table = byName.get(name)?.plan.table;
      if (table === undefined) return refuse(override, `names \`${name}\`, which has no embedding table in this model`);
      return table === name
        ? []
        : refuse(override, `names \`${name}\`, which has no table of its own: it shares that of \`${table}\``);
    });
  });
}

/** True if a tower has weights of its own. Weights of a shared block belong to no tower. A tower with an error may have some. */
function hasWeights(tower: Tower, features: LoweredFeatures): boolean {
  const builder = makeBuilder('weights');
  const context = makeLowering(new GraphInputs(builder), features, true);
  lowerTower(context, tower);
  const { parameters } = builder.finish();
  return hasErrors(context.diagnostics) || parameters.some((each) => each.name.startsWith(`${tower.name}/`));
}

/** Returns the tables of a plan with their overrides. */
export function withOverrides(train: Training, tables: readonly TablePlan[]): readonly TablePlan[] {
  const byName = new Map(overridesOf(train, 'table').map(({ name, settings }) => [name, settings]));
  return tables.map((table) => {
    const settings = byName.get(table.name);
    if (settings === undefined) return table;
    const { rate, l2, weight_decay: weightDecay } = settings;
    return { ...table, overrides: { rate, l2, weightDecay } };
  });
}

/** The dense optimizer of a tower that overrides some of its settings. */
interface TowerOptimizer {
  readonly tower: string;
  readonly call: Call;
  /** Replaces the rate of the optimizer. */
  readonly rate?: number;
}

function towerOptimizers(train: Training): readonly TowerOptimizer[] {
  return overridesOf(train, 'weights').map(({ name, settings }) => ({
    tower: name,
    call: { ...train.dense, arguments: { ...train.dense.arguments, ...settings } },
    rate: settings.rate,
  }));
}
