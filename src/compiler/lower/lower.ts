/** Lowers a model to graphs and to instructions for the host that feeds them. */
import { type Diagnostic, diagnose, hasErrors, invariant, type Outcome } from '../../base/diagnostics/diagnostic.ts';
import { makeBuilder } from '../../graph/builder.ts';
import type { FeaturePlan, GraphPlan, MeasureSpec, Plan, TaskPlan, TrainPlan } from '../../graph/plan/plan.ts';
import type { BoundKind } from '../library/contract.ts';
import { optimizers } from '../library/optimizers/table.ts';
import { type ValidParts, withoutUnread } from '../model/complete.ts';
import type { Call, Model, Task, Tower, Training } from '../model/model.ts';
import { needsOf } from '../model/references.ts';
import { meanParameter } from './bias.ts';
import { makeEventScores } from './event_scores.ts';
import { lowerFitted } from './fitted.ts';
import { type Arrow, blockContext, type GraphLowering, makeLowering, type WrittenStep } from './flow.ts';
import { rowOfLoss } from './formula/lower_loss.ts';
import { lowerForward } from './forward.ts';
import { finished, GraphInputs } from './inputs.ts';
import type { LoweredFeatures } from './lower_features.ts';
import { cutOf } from './lower_parts.ts';
import { sequencesOf } from './lower_positions.ts';
import { lowerRetrieval } from './lower_retrieval.ts';
import { lowerItem, lowerTower } from './lower_tower.ts';
import { checkOptimizer, checkOverrides, checkRowOptimizer, withOverrides } from './optimize.ts';
import type { SharedByTasks } from './shared.ts';
import { checkObjective, lowerStep } from './step.ts';
import { lowerFeaturesWhole } from './through.ts';
import { checkGraph, graphPlan } from './train_graph.ts';

/** The shapes of a model, as editors and checks of data headers need them. */
export interface Shapes {
  /** The type after each source and step of a flow, for editors and for `tower inspect`. */
  readonly arrows: readonly Arrow[];
  /** The features that are read, whose columns the data must have. */
  readonly features: readonly FeaturePlan[];
  readonly labels: Plan['labels'];
  /** The query tower and the item tower. */
  readonly towers: readonly [KeyedTower, KeyedTower];
  /** The list that a step reads as whole sequences. Present if its targets are positions. */
  readonly sequence?: string;
}

interface KeyedTower {
  readonly name: string;
  readonly key?: string;
}

export interface Lowered {
  readonly plan: Plan;
  readonly arrows: readonly Arrow[];
  /** Steps of flows by the label of their nodes in the training step: `user/main/mlp`. */
  readonly written: ReadonlyMap<string, WrittenStep>;
  /** Values that the losses of several tasks reach. Empty if there is only one task. */
  readonly shared: readonly SharedByTasks[];
  /** Returns the graph of gradient norms; undefined if only tables are trained. */
  readonly norms: () => GraphPlan | undefined;
}

/**
 * Returns the types of values in the flows of a model and every error that shapes reveal. It makes no gradients and plans, so it is ten times faster than
 * `lower`, which finds the same errors.
 */
export function checkShapes(model: Model): Outcome<Shapes | undefined> {
  const fitted = lowerFitted(model);
  if (fitted) {
    const { output, diagnostics } = fitted;
    return { output: output && { ...output, arrows: [] }, diagnostics };
  }
  // Lowers unused steps as well, because the editor shows them and they may have errors.
  const { features, forward, rows, diagnostics } = analyse(model);
  if (forward === undefined) return { output: undefined, diagnostics };
  const [query, item] = model.towers;
  return {
    output: {
      arrows: forward.arrows,
      // Computed on demand: data checks read the features, but editors do not.
      get features() {
        const readModel = withoutUnread(model);
        return featurePlans(readModel === model ? features : lowerFeaturesWhole(readModel).output);
      },
      labels: labelPlans(model),
      towers: [keyed(query), keyed(item)],
      sequence: rows?.feature,
    },
    diagnostics,
  };
}

/** Lowers the valid parts of a file, each tower to a graph of its own. */
export function lowerParts({ features, towers }: ValidParts, training: boolean) {
  const [first = noTower, second = noTower] = towers;
  const { output } = lowerFeaturesWhole({ features, towers: [first, second] });
  const shared: GraphLowering['shared'] = new Map();
  const lowered = towers.map((tower) => {
    const context = { ...makeLowering(new GraphInputs(makeBuilder(tower.name)), output, training), shared };
    lowerTower(context, tower);
    return { tower, context };
  });
  return { features: output, towers: lowered };
}

const noTower: Tower = { name: '', span: undefined as never, features: [], steps: [] };

const keyed = ({ name, key }: Tower): KeyedTower => ({ name, key });

const featurePlans = (features: LoweredFeatures): readonly FeaturePlan[] =>
  [...features.byName.values()].map((feature) => feature.plan);

const labelPlans = (model: Model): Plan['labels'] =>
  [...model.labels.values()].map(({ name, type }) => ({ name, sort: type }));

/** Returns no output after an error. Each diagnostic has a span of the source and uses the words of the language. */
export function lower(whole: Model): Outcome<Lowered | undefined> {
  const fitted = lowerFitted(whole);
  if (fitted) {
    const { output, diagnostics } = fitted;
    const plan = output && { model: whole.name, ...output, train: trainPlan(whole) };
    return {
      output: plan && { plan, arrows: [], written: new Map(), shared: [], norms: () => undefined },
      diagnostics,
    };
  }
  const model = withoutUnread(whole);
  const { features, forward, rows, diagnostics } = analyse(model);
  if (forward === undefined || hasErrors(diagnostics)) return { output: undefined, diagnostics };
  const cut = cutOf(model, features, true);
  const trained = rows || cut ? lowerForward(model, features, rows, cut) : forward;
  const { plan: step, shared, norms } = lowerStep(model, trained);
  const plan: Plan = {
    model: model.name,
    features: featurePlans(features),
    labels: labelPlans(model),
    tables: withOverrides(model.train, features.tables),
    towers: [lowerRetrieval(model, features, 'query'), lowerRetrieval(model, features, 'item')],
    tasks: model.tasks.map(({ name, score, loss, label, weight, only }) => ({
      name,
      loss: loss?.kind,
      label,
      weight,
      only,
      predicts: predictsOf({ loss }),
      ...(score.biases?.some(({ kind }) => kind === 'mean') ? { mean: meanParameter(name) } : {}),
    })),
    step,
    predictions: lowerPredictions(model, features),
    train: trainPlan(model),
  };
  return { output: { plan, arrows: forward.arrows, written: trained.context.written, shared, norms }, diagnostics };
}

/** Returns the forward graph, and the rows for which training reads lists if these are not the events. */
function analyse(model: Model) {
  const { output: features, diagnostics } = lowerFeaturesWhole(model);
  if (hasErrors(diagnostics)) return { features, forward: undefined, diagnostics };
  const forward = lowerForward(model, features);
  const allDiagnostics = [
    ...diagnostics,
    ...forward.diagnostics,
    ...checkOptimizer(model.train.dense),
    ...checkRowOptimizer(model.train.embeddings),
    ...checkOverrides(model, features),
    ...checkValidate(model.train),
    ...checkGraph(model, features),
    ...checkObjective(model),
  ];
  if (model.train.targets.kind !== 'positions' || hasErrors(allDiagnostics))
    return { features, forward, diagnostics: allDiagnostics };
  const { rows, diagnostics: ofPositions } = sequencesOf(model, features);
  return { features, forward, rows, diagnostics: [...allDiagnostics, ...ofPositions] };
}

function trainPlan(model: Model): TrainPlan {
  const { train } = model;
  const { batch, epochs, steps, seed, dense, embeddings, precision, clip, metrics, stop } = train;
  const { rate, schedule } = optimizers[dense.kind]!.rows(dense.arguments);
  return {
    batch,
    epochs,
    seed,
    dense: { rate, schedule },
    embeddings: optimizers[embeddings.kind]!.rows(embeddings.arguments),
    steps,
    precision: precision === 'float32' ? undefined : precision,
    clip,
    metrics: metrics?.map(measureOf),
    validate: validatePlan(train),
    graph: graphPlan(model),
    stop: stop && { ...measureOf(stop), patience: stop.arguments.patience as number },
  };
}

/** Checks `validate` of `train`: the frequency and the number of rankings. */
function checkValidate({ validate = [] }: Training): Diagnostic[] {
  const seenKinds = new Set<string>();
  return validate.flatMap((call) => {
    const reason = validationConflict(call, seenKinds);
    seenKinds.add(call.kind);
    return reason === undefined ? [] : [diagnose('arguments-conflict', call.span, { kind: call.kind, reason })];
  });
}

function validationConflict(
  { kind, arguments: { epochs, steps } }: Call,
  seen: ReadonlySet<string>,
): string | undefined {
  if (seen.has(kind)) return 'is given a second time';
  if (kind !== 'every') return undefined;
  if (epochs !== undefined && steps !== undefined) return 'takes epochs or `steps`, not both';
  return epochs === undefined && steps === undefined
    ? 'does not say how often: write `every(5)` for epochs, or `every(steps: 1000)`'
    : undefined;
}

function validatePlan({ validate }: Training): TrainPlan['validate'] {
  if (validate === undefined) return undefined;
  const settings: Partial<Record<string, number>> = Object.assign({}, ...validate.map((call) => call.arguments));
  return { epochs: settings.epochs, steps: settings.steps, sample: settings.rankings };
}

/** Returns undefined for a task whose loss compares an event with others, because its score alone predicts no label. */
function predictsOf({ loss }: Pick<Task, 'loss'>): TaskPlan['predicts'] {
  if (!loss) return undefined;
  const row = rowOfLoss(loss);
  if (row.probability?.(loss.arguments) !== undefined) return 'probability';
  return needsOf({ losses: { [loss.kind]: row } }, loss).label === 'number' ? 'number' : undefined;
}

/** Lowers the served towers over the rows of events: output `prediction:<task>`. Undefined if no task predicts. */
function lowerPredictions(model: Model, features: LoweredFeatures): GraphPlan | undefined {
  const tasks = model.tasks.filter(predictsOf);
  if (tasks.length === 0) return undefined;
  const builder = makeBuilder(`${model.name}_predictions`);
  const inputs = new GraphInputs(builder);
  const context = makeLowering(inputs, features, false);
  const query = lowerTower(context, model.towers[0]);
  const item = lowerItem(context, model.towers[1]);
  const sides = { block: blockContext(context, 'predict'), model, query, item, diagnostics: context.diagnostics };
  const scores = makeEventScores(() => sides);
  for (const task of tasks) {
    const logit = scores.logit(task);
    invariant(logit, `the score of ${task.name} lowers alike for training and prediction`);
    builder.output(`prediction:${task.name}`, logit);
  }
  return finished(inputs);
}

export function measureOf({ kind, arguments: { column, k } }: BoundKind): MeasureSpec {
  return {
    metric: kind,
    column: typeof column === 'string' ? column : undefined,
    k: typeof k === 'number' ? k : undefined,
  };
}
