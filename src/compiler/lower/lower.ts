/** Model → graphs and how the host feeds them. */
import type { Diagnostic, Outcome } from '../../base/diagnostics/diagnostic.ts';
import { hasErrors } from '../../base/diagnostics/diagnostic.ts';
import { defined } from '../../base/util/defined.ts';
import { makeBuilder } from '../../graph/builder.ts';
import type { FeaturePlan, GraphPlan, Plan, TrainPlan } from '../../graph/plan/plan.ts';
import { optimizers } from '../library/optimizers/table.ts';
import { type ValidTowers, withoutUnread } from '../model/complete.ts';
import type { Model, Tower } from '../model/model.ts';
import { meanParameter } from './bias.ts';
import type { LoweredFeatures } from './features.ts';
import type { Arrow, Visited } from './flow.ts';
import { lowerForward } from './forward.ts';
import { checkGraph, graphPlan } from './graph.ts';
import { GraphInputs } from './inputs.ts';
import { measureOf } from './measure.ts';
import { checkOptimizer, checkRowOptimizer } from './optimize.ts';
import { checkOverrides, withOverrides } from './overrides.ts';
import { cutOf } from './parts.ts';
import { sequencesOf } from './positions.ts';
import { lowerPredictions, predictsOf } from './predictions.ts';
import { lowerRetrieval } from './retrieval.ts';
import type { SharedValue } from './shared.ts';
import { checkObjective, lowerStep } from './step.ts';
import { lowerFeaturesWhole } from './through.ts';
import { lowerTower, makeTowerContext } from './tower.ts';
import { checkValidate, validatePlan } from './validate.ts';

/** The shapes of a model: all that the editor and the data's headers ask of it. */
export interface Shapes {
  /** What each source and step of a flow carries, for the editor and for `tower inspect`. */
  readonly arrows: readonly Arrow[];
  /** Those that are read: the data needs their columns. */
  readonly features: readonly FeaturePlan[];
  readonly labels: Plan['labels'];
  /** The query tower, then the item tower. */
  readonly towers: readonly [KeyedTower, KeyedTower];
  /** The list that a step reads as whole sequences, where its targets are positions. */
  readonly sequence?: string;
}

interface KeyedTower {
  readonly name: string;
  readonly key?: string;
}

export interface Lowered {
  readonly plan: Plan;
  readonly arrows: readonly Arrow[];
  /** Steps of flows by the label of the nodes that they add to the training step: `user/main/mlp`. */
  readonly written: ReadonlyMap<string, Visited>;
  /** What more than one task's loss reaches; nothing where there is one task. */
  readonly shared: readonly SharedValue[];
  /** The graph of norms of gradients; undefined where nothing but tables is trained. */
  readonly norms: () => GraphPlan | undefined;
}

/**
 * What the flows of a model carry, and every mistake that its shapes show: without gradients and plans, and so ten times
 * quicker than `lower`, which finds the same.
 */
export function checkShapes(model: Model): Outcome<Shapes | undefined> {
  // The editor shows, and a mistake may be in, what nothing reads.
  const { features, forward, rows, diagnostics } = analyse(model);
  if (forward === undefined) return { output: undefined, diagnostics };
  const [query, item] = model.towers;
  return {
    output: {
      arrows: forward.arrows,
      // Data asks for them, and an editor does not.
      get features() {
        const read = withoutUnread(model);
        return featurePlans(read === model ? features : lowerFeaturesWhole(read).output);
      },
      labels: labelPlans(model),
      towers: [keyed(query), keyed(item)],
      ...defined({ sequence: rows?.feature }),
    },
    diagnostics,
  };
}

/** The mistakes that the shapes of valid towers show, if the model around them has others. */
export function checkTowers({ valid, ...model }: ValidTowers): readonly Diagnostic[] {
  const { output: features, diagnostics } = lowerFeaturesWhole(model);
  // The rules report the features that no shape can be made of.
  if (hasErrors(diagnostics)) return [];
  const context = makeTowerContext(new GraphInputs(makeBuilder('towers')), features, true);
  for (const tower of model.towers) if (valid.has(tower.name)) lowerTower(context, tower, { kind: 'events' });
  return context.diagnostics;
}

const keyed = ({ name, key }: Tower): KeyedTower => ({ name, ...defined({ key }) });

const featurePlans = (features: LoweredFeatures): readonly FeaturePlan[] =>
  [...features.byName.values()].map((feature) => feature.plan);

const labelPlans = (model: Model): Plan['labels'] =>
  [...model.labels.values()].map(({ name, type }) => ({ name, sort: type }));

/** Nothing after an error; each is at its place in the source, in the language's words. */
export function lower(whole: Model): Outcome<Lowered | undefined> {
  const model = withoutUnread(whole);
  const { features, forward, rows, diagnostics } = analyse(model);
  if (forward === undefined || hasErrors(diagnostics)) return { output: undefined, diagnostics };
  const cut = cutOf(model, features, true);
  const trained = rows || cut ? lowerForward(model, features, { rows, cut }) : forward;
  const { plan: step, shared, norms } = lowerStep(model, trained);
  const plan: Plan = {
    model: model.name,
    features: featurePlans(features),
    labels: labelPlans(model),
    tables: withOverrides(model.train, features.tables),
    towers: [lowerRetrieval(model, features, 'query'), lowerRetrieval(model, features, 'item')],
    tasks: model.tasks.map(({ name, score, loss, label, weight, only }) => ({
      name,
      ...defined({ loss: loss?.kind, label, weight, only, predicts: predictsOf({ ...defined({ loss }) }) }),
      ...(score.biases?.some(({ kind }) => kind === 'mean') ? { mean: meanParameter(name) } : {}),
    })),
    step,
    ...defined({ predictions: lowerPredictions(model, features) }),
    train: trainPlan(model),
  };
  return { output: { plan, arrows: forward.arrows, written: trained.context.written, shared, norms }, diagnostics };
}

/** With the rows that lists are read for in training, where those are not the events. */
function analyse(model: Model) {
  const { output: features, diagnostics } = lowerFeaturesWhole(model);
  if (hasErrors(diagnostics)) return { features, forward: undefined, diagnostics };
  const forward = lowerForward(model, features);
  const found = [
    ...diagnostics,
    ...forward.diagnostics,
    ...checkOptimizer(model.train.dense),
    ...checkRowOptimizer(model.train.embeddings),
    ...checkOverrides(model, features),
    ...checkValidate(model.train),
    ...checkGraph(model, features),
    ...checkObjective(model),
  ];
  if (model.train.targets === 'events' || hasErrors(found)) return { features, forward, diagnostics: found };
  const { rows, diagnostics: ofPositions } = sequencesOf(model, features);
  return { features, forward, rows, diagnostics: [...found, ...ofPositions] };
}

function trainPlan(model: Model): TrainPlan {
  const { train } = model;
  const { batch, epochs, steps, seed, dense, embeddings, precision, clip, metrics, stop } = train;
  const row = optimizers[dense.kind]!;
  return {
    batch,
    epochs,
    seed,
    dense: { rate: row.rate(dense.arguments), schedule: row.schedule(dense.arguments) },
    embeddings: optimizers[embeddings.kind]!.rows(embeddings.arguments),
    ...defined({
      steps,
      precision: precision === 'float32' ? undefined : precision,
      clip,
      metrics: metrics?.map(measureOf),
      validate: validatePlan(train),
      graph: graphPlan(model),
      stop: stop && { ...measureOf(stop), patience: stop.arguments.patience as number },
    }),
  };
}
