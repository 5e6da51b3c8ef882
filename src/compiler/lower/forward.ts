/** Lowers the forward pass: both towers and each task's loss. Reports every error of shapes. */
import { type Diagnostic, diagnose, invariant } from '../../base/diagnostics/diagnostic.ts';
import { makeBuilder, type Ref } from '../../graph/builder.ts';
import { symbolicDim } from '../../graph/dims.ts';
import type { RowsOf } from '../../graph/plan/plan.ts';
import { rowsPrefix } from '../../graph/plan/rows_prefix.ts';
import { areSets } from '../../graph/vector_sets.ts';
import { type LossContext, ShapeError, type VectorScore } from '../library/contract.ts';
import { libraryFormula } from '../model/formula/library_formula.ts';
import type { Model, Task } from '../model/model.ts';
import { type EventScores, makeEventScores } from './event_scores.ts';
import { type Arrow, blockContext, type GraphLowering, makeLowering } from './flow.ts';
import { type FormulaLossArguments, lowerLoss, rowOfLoss } from './formula/lower_loss.ts';
import { GraphInputs, withoutConflict } from './inputs.ts';
import type { LoweredFeatures } from './lower_features.ts';
import { type Cut, lowerInParts } from './lower_parts.ts';
import { lowerItem, lowerTower } from './lower_tower.ts';
import { lowerViews } from './lower_views.ts';
import { type Channels, lowerScore, type Sides } from './score.ts';

// Lowers a task's loss: its score, its label and the weight of each row.

/** Returns the item tower's channels for any rows. The result is cached by rows. */
type ItemChannels = (rows: RowsOf) => Channels;

const batch = symbolicDim('batch');

/** A task with a loss. */
type LearningTask = Task & Required<Pick<Task, 'loss'>>;

interface LoweredTask {
  /** A scalar. */
  readonly loss: Ref;
  /** The weight of each row, float32 [batch]. Absent if all rows count equally. */
  readonly weight?: Ref;
  /** Further scalars that the step reports, by name: `temperature`. */
  readonly measured: ReadonlyMap<string, Ref>;
}

/** What the losses of all tasks read. */
interface BothTowers {
  readonly context: GraphLowering;
  readonly sidesOf: (task: Task) => Sides;
  readonly items: ItemChannels;
  readonly scores: EventScores;
  readonly distinct: boolean;
  readonly cut: Cut | undefined;
}

/** Returns undefined after an error, which is among the context's diagnostics. */
function lowerTask(
  { context, sidesOf, items, scores, distinct, cut }: BothTowers,
  task: LearningTask,
): LoweredTask | undefined {
  const { inputs, diagnostics } = context;
  const lossPath = `loss/${task.name}`;
  const sides = sidesOf(task);
  const { block, model } = sides;
  const scoreOf = (rows: RowsOf): VectorScore | undefined =>
    rows.kind === 'events' ? scores.of(task) : lowerScore({ ...sides, item: items(rows) }, task, sides.item);
  const score = scoreOf(events);
  const weight = task.weight === undefined ? undefined : lowerWeight(context, model, task, task.weight);
  if (score === undefined || (task.weight !== undefined && weight === undefined)) return undefined;

  const row = rowOfLoss(task.loss);
  const [queryTower, itemTower] = model.towers;
  return withoutConflict(task.loss, diagnostics, () =>
    inputs.builder.scope(lossPath, () => {
      if (areSets(score.item) && row.normalizesVectors)
        throw new ShapeError('compares single vectors, and the score has several: take `softmax`');
      const counts = rowWeight(context, task, weight);
      const measured = new Map<string, Ref>();
      const rowsAreUsers = model.train.targets.kind === 'users';
      let readsUserItems = false;
      const lossContext: LossContext = {
        ...block,
        key: itemTower.key ?? '',
        queryKey: queryTower.key,
        task: task.name,
        itemsAreDistinct: distinct,
        measure: (what, value) => measured.set(what, value),
        listsItems: (feature) => listsItems(context, feature, itemTower.key),
        maxItemCount: (feature) => longestItems(context, feature, model),
        describesItem: (feature) => describesItem(context, feature, itemTower.name),
        batch: model.train.batch,
        scoreOf(rows) {
          // All uses share the weights of the served score, in any scope in which a loss requests the score.
          const drawn = inputs.builder.unscoped(() => scoreOf(rows));
          invariant(drawn, 'the item tower lowers alike for all rows');
          return drawn;
        },
        lossOfRows(some, args, text) {
          const formula = text ? libraryFormula(text.name, args, text) : task.loss.declared!.formula;
          return lowerLoss(formula, lossContext, some, args as FormulaLossArguments);
        },
        views: (options) => lowerViews(context, model, task, sides.item, cut, options),
        ...(rowsAreUsers
          ? {
              userItems() {
                readsUserItems = true;
                return userItems(context, model, task);
              },
            }
          : {}),
        ...(task.label === undefined ? {} : { label: labelInput(context, task.label) }),
        weight: counts,
      };
      const loss = row.lower(lossContext, score, task.loss.arguments);
      if (rowsAreUsers && !readsUserItems)
        throw new ShapeError(
          'compares one item of a row, and with `targets = users` a row has all items of a user: take `softmax(all)`, `mse(all)` or `bce(all)`, or drop `targets = users`',
        );
      return { loss, measured, weight: counts };
    }),
  );
}

/** Throws ShapeError for a task that cannot say whose item it is, or that does not take all items of a user alike. */
function userItems({ inputs }: GraphLowering, { towers: [query, item] }: Model, task: Task) {
  if (query.key === undefined) {
    throw new ShapeError(
      `needs the user of an event with \`targets = users\`: write \`keyed by\` at tower \`${query.name}\``,
    );
  }
  if (task.weight !== undefined || task.only !== undefined) {
    throw new ShapeError(
      'takes all events of a user alike with `targets = users`: drop `weight` and `only` of the task, and choose events by `where` in the data block',
    );
  }
  const key = item.key ?? '';
  return {
    pairs: inputs.input(`users/items/${key}`, { from: 'user_items', key }, [symbolicDim('user_items'), 2], 'int32'),
    has: inputs.input(`users/has/${key}`, { from: 'has_items', key }, [batch]),
  };
}

const labelInput = ({ inputs }: GraphLowering, label: string): Ref =>
  inputs.input(`label/${label}`, { from: 'label', label }, [batch]);

/** Returns the task's own weight; 0 where `only` is not 1 and where the learned label is missing. */
function rowWeight(context: GraphLowering, task: Task, weight: Ref | undefined): Ref | undefined {
  const { inputs } = context;
  const { label, only } = task;
  const weightFactors = [
    weight,
    only === undefined ? undefined : labelInput(context, only),
    label === undefined ? undefined : inputs.input(`label_known/${label}`, { from: 'label_known', label }, [batch]),
  ].filter((part) => part !== undefined);
  return weightFactors.length === 0
    ? undefined
    : weightFactors.reduce((product, part) => inputs.builder.mul(product, part));
}

/** True if a feature is a bag of codes of `key`. */
function listsItems({ features }: GraphLowering, feature: string, key: string | undefined): boolean {
  const plan = features.byName.get(feature)?.plan;
  const keyed = key === undefined ? undefined : features.byName.get(key)?.plan;
  return plan?.gives === 'bag' && keyed !== undefined && plan.encoderOf === keyed.encoderOf && plan.name !== key;
}

function longestItems(context: GraphLowering, feature: string, { towers: [query, item] }: Model): number | undefined {
  const plan = context.features.byName.get(feature)?.plan;
  return plan?.tower === query.name && listsItems(context, feature, item.key) ? plan.max : undefined;
}

function describesItem({ features }: GraphLowering, feature: string, itemTower: string): boolean {
  const plan = features.byName.get(feature)?.plan;
  return plan?.tower === itemTower && plan.gives === 'code';
}

/** Returns float32 [batch]: a label, 0 if it is missing, or a feature with a single plain number. */
function lowerWeight(context: GraphLowering, model: Model, task: Task, name: string): Ref | undefined {
  const { inputs, features, diagnostics } = context;
  if (model.labels.has(name)) return labelInput(context, name);
  const use = features.byName.get(name)?.use;
  const standardized = use !== undefined && 'kind' in use.encoder && use.encoder.kind === 'standardize';
  if (use?.gives !== 'numbers' || use.size !== 1 || standardized) {
    const featureSpan = features.byName.get(name)?.feature.span;
    const notes = featureSpan === undefined ? [] : [{ message: `\`${name}\` is declared here`, at: featureSpan }];
    diagnostics.push(diagnose('weight-not-number', task.weightAt ?? task.span, { name, standardized }, { notes }));
    return undefined;
  }
  const numbers = inputs.input(name, { from: 'numbers', feature: name, rows: events }, [batch, 1]);
  return inputs.builder.reshape(numbers, [batch]);
}

const events: RowsOf = { kind: 'events' };

export interface Forward {
  readonly context: GraphLowering;
  /** Losses by task. Absent for a task with an error or without a loss. */
  readonly losses: ReadonlyMap<string, Ref>;
  /** The weight of each row, float32 [batch], by task. A task whose rows have equal weights is absent. */
  readonly rowWeights: ReadonlyMap<string, Ref>;
  /** Further scalars that the step reports, by output: `temperature:watch`. */
  readonly measured: ReadonlyMap<string, Ref>;
  /** What blocks add to the loss, a scalar. */
  readonly penalty?: Ref;
  readonly arrows: readonly Arrow[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * @param rows the rows for which the query tower reads sequences
 * @param cut divides the batch for the query tower. Absent: all lists are padded to the longest
 */
export function lowerForward(model: Model, features: LoweredFeatures, rows: RowsOf = events, cut?: Cut): Forward {
  const context = makeLowering(new GraphInputs(makeBuilder(`${model.name}_step`)), features, true);
  const [tower] = model.towers;
  const items = itemChannels(context, model);
  const asking = { ...context, elements: elementsOf(model, context, items) };
  const query = cut ? lowerInParts({ ...asking, rows }, tower, cut) : lowerTower({ ...asking, rows }, tower);
  const item = items(events);
  const byTask = new Map<string, Ref>();
  const rowWeights = new Map<string, Ref>();
  const measured = new Map<string, Ref>();
  const distinct = readsDistinctItems(model, query, context);
  const sidesOf = ({ name }: Task): Sides => {
    const block = blockContext(asking, `loss/${name}`);
    return { block, model, query, item, diagnostics: context.diagnostics };
  };
  const scores = makeEventScores(sidesOf);
  const bothTowers: BothTowers = { context: asking, sidesOf, items, scores, distinct, cut };
  for (const task of model.tasks) {
    const { loss } = task;
    if (!loss) continue;
    const lowered = lowerTask(bothTowers, { ...task, loss });
    if (lowered === undefined) continue;
    byTask.set(task.name, lowered.loss);
    if (lowered.weight !== undefined) rowWeights.set(task.name, lowered.weight);
    for (const [what, value] of lowered.measured) measured.set(`${what}:${task.name}`, value);
  }
  for (const { parameter, value } of context.kept.values()) context.inputs.builder.update(parameter, value);
  context.diagnostics.push(...checkRetrieve(model, query), ...checkTraining(model), ...checkOfUsers(model, context));
  return {
    ...{ context, losses: byTask, rowWeights, measured },
    penalty: penaltyOf(context),
    ...{ arrows: context.arrows, diagnostics: context.diagnostics },
  };
}

/** Returns the sum of what blocks add to the loss: each the mean over the rows of the batch, which may be cut into parts. */
function penaltyOf({ inputs: { builder }, penalties }: GraphLowering): Ref | undefined {
  if (penalties.length === 0) return undefined;
  return builder.scope('penalty', () => {
    const sumOf = (refs: readonly Ref[]): Ref =>
      refs.map((ref) => builder.sum(ref, [0])).reduce((a, b) => builder.add(a, b));
    const means = penalties.flatMap(({ values, known }) => (known ? [] : [builder.mean(values, [0])]));
    const ofParts = penalties.flatMap(({ values, known }) => (known ? [builder.mul(values, known)] : []));
    if (ofParts.length > 0) {
      const known = new Set(penalties.flatMap((penalty) => penalty.known ?? []));
      means.push(builder.div(sumOf(ofParts), sumOf([...known])));
    }
    return means.reduce((a, b) => builder.add(a, b));
  });
}

/** Returns the item tower applied to the elements of lists that go through it, if there are any. */
function elementsOf(
  { towers: [query] }: Model,
  { kept, features }: GraphLowering,
  items: ItemChannels,
): GraphLowering['elements'] {
  if (!query.features.some((name) => features.byName.get(name)?.plan.through)) return undefined;
  // The tower of the events is lowered first, because the served tower uses the statistics that its blocks keep.
  items(events);
  const elementRows: RowsOf = { kind: 'elements', ...(kept.size > 0 ? { exact: true } : {}) };
  const channels = items(elementRows);
  return (channel) => channels.get(channel)?.tensor;
}

/**
 * True if the item tower may process each distinct item of a batch once: no loss needs one item for each row, no row's own item chooses among interests, and no
 * block keeps statistics of its rows.
 */
function readsDistinctItems({ tasks }: Model, query: Channels, { kept }: GraphLowering): boolean {
  const several = [...query.values()].some(({ kind }) => kind === 'interests');
  return (
    !several &&
    kept.size === 0 &&
    tasks.every(({ loss }) => loss && rowOfLoss(loss).distinct?.(loss.arguments) === true)
  );
}

/** Checks scores with several interests: the sum of two maxima is not the maximum over one list, and neither is a maximum times a negative factor. */
function checkRetrieve({ tasks, retrieve }: Model, query: Channels): Diagnostic[] {
  const several = retrieve.filter(({ task: name }) =>
    tasks
      .find((task) => task.name === name)!
      .score.terms.some(({ channels }) =>
        channels.some((pair) => (query.get(pair.query)?.kind ?? 'vector') !== 'vector'),
      ),
  );
  const refused = (task: string, reason: string): Diagnostic =>
    diagnose('interests-in-retrieve', tasks.find(({ name }) => name === task)!.score.span, { task, reason });
  return several.flatMap(({ task, factor }, index) => {
    if (factor < 0) return [refused(task, 'its score is the best of several interests and the factor is below 0')];
    return index === 0 ? [] : [refused(task, `\`${several[0]!.task}\` also has several interests`)];
  });
}

/** Checks that the losses train both towers. */
function checkTraining({ tasks }: Model): Diagnostic[] {
  const kinds = tasks.flatMap(({ loss }) => (loss ? [loss] : []));
  if (!kinds.every((loss) => rowOfLoss(loss).oneSided)) return [];
  const reason = 'trains one tower alone: add a task with a loss on events, such as `softmax(in_batch)`';
  return kinds.slice(0, 1).map(({ kind, span }) => diagnose('arguments-conflict', span, { kind, reason }));
}

/** Checks that blocks that read something of the users of rows get such rows. */
function checkOfUsers({ towers: [{ name }], train }: Model, { ofUsers, written }: GraphLowering): Diagnostic[] {
  return [...ofUsers].flatMap((path) => {
    const step = written.get(path);
    const reason =
      train.targets.kind !== 'users'
        ? 'reads what each user has: write `targets = users` in `train`, or drop `per_item`'
        : !path.startsWith(`${name}/`)
          ? `reads what each user has: \`per_item\` is for steps of \`${name}\` that are not \`shared\``
          : undefined;
    return step && reason ? [diagnose('arguments-conflict', step.span, { kind: step.kind, reason })] : [];
  });
}

/** Lowers the item tower once for each kind of rows. Only the first reports errors. */
function itemChannels(context: GraphLowering, { towers }: Model): ItemChannels {
  const cachedChannels = new Map<string, Channels>();
  return (rows) => {
    const rowsName = rowsPrefix(rows);
    const itemContext = cachedChannels.size === 0 ? context : { ...context, diagnostics: [], arrows: [] };
    const channels = cachedChannels.get(rowsName) ?? lowerItem({ ...itemContext, rows }, towers[1]);
    cachedChannels.set(rowsName, channels);
    return channels;
  };
}
