/** A task's loss: its score, its label, its weight a row. */
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import { invariant } from '../../base/diagnostics/failure.ts';
import { defined } from '../../base/util/defined.ts';
import type { Ref } from '../../graph/builder.ts';
import { symbolic } from '../../graph/dims.ts';
import type { RowsOf } from '../../graph/plan/plan.ts';
import type { LossContext, VectorScore } from '../library/contract.ts';
import { losses } from '../library/losses/table.ts';
import type { Model, Task } from '../model/model.ts';
import type { EventScores } from './event_scores.ts';
import { withoutConflict } from './inputs.ts';
import { type Channels, lowerScore, type QueryChannels } from './score.ts';
import { blockContext, type TowerContext } from './tower.ts';

/** The item tower's channels for any rows; asked again for the same rows it gives the same values. */
export type ItemChannels = (rows: RowsOf) => Channels;

const events: RowsOf = { kind: 'events' };
const batch = symbolic('batch');

/** A task with a loss. */
export type LearningTask = Task & Required<Pick<Task, 'loss'>>;

export interface LoweredTask {
  /** A scalar. */
  readonly loss: Ref;
  /** The weight of each row, float32 [batch]; absent where all count alike. */
  readonly weight?: Ref;
  /** Further scalars that the step reports, by name: `temperature`. */
  readonly measured: ReadonlyMap<string, Ref>;
}

/** Undefined after an error, which is among the context's diagnostics. */
export function lowerTask(
  context: TowerContext,
  model: Model,
  task: LearningTask,
  query: QueryChannels,
  items: ItemChannels,
  scores: EventScores,
  distinct: boolean,
): LoweredTask | undefined {
  const { inputs, diagnostics } = context;
  const lossPath = `loss/${task.name}`;
  const block = blockContext(context, lossPath, events);
  const scoreOf = (rows: RowsOf): VectorScore | undefined =>
    rows.kind === 'events'
      ? scores.of(task)
      : lowerScore(block, model, task, query, items(rows), diagnostics, items(events));
  const score = scoreOf(events);
  const weight = task.weight === undefined ? undefined : lowerWeight(context, model, task, task.weight);
  if (score === undefined || (task.weight !== undefined && weight === undefined)) return undefined;

  const row = losses[task.loss.kind]!;
  const [queryTower, itemTower] = model.towers;
  return withoutConflict(task.loss, diagnostics, () =>
    inputs.builder.scope(lossPath, () => {
      const counts = rowWeight(context, task, weight);
      const measured = new Map<string, Ref>();
      const lossContext: LossContext = {
        ...block,
        key: itemTower.key ?? '',
        ...defined({ queryKey: queryTower.key }),
        task: task.name,
        distinct,
        measure: (what, value) => measured.set(what, value),
        listsItems: (feature) => listsItems(context, feature, itemTower.key),
        longestItems: (feature) => longestItems(context, feature, model),
        batch: model.train.batch,
        scoreOf(rows) {
          // The score's own weights are those of the score that is served, wherever a loss asks for it.
          const drawn = inputs.builder.unscoped(() => scoreOf(rows));
          invariant(drawn, 'the item tower lowers alike for all rows');
          return drawn;
        },
        ...(task.label === undefined ? {} : { label: labelInput(context, task.label) }),
        ...defined({ weight: counts }),
      };
      const loss = row.lower(lossContext, score, task.loss.arguments);
      return { loss, measured, ...defined({ weight: counts }) };
    }),
  );
}

const labelInput = ({ inputs }: TowerContext, label: string): Ref =>
  inputs.input(`label/${label}`, { from: 'label', label }, [batch]);

/** The task's own weight, 0 where `only` is not 1 and where the label that is learned is missing. */
function rowWeight(context: TowerContext, task: Task, weight: Ref | undefined): Ref | undefined {
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

/** True if a feature is a bag of the codes that `key` has. */
function listsItems({ features }: TowerContext, feature: string, key: string | undefined): boolean {
  const plan = features.byName.get(feature)?.plan;
  const keyed = key === undefined ? undefined : features.byName.get(key)?.plan;
  return plan?.gives === 'bag' && keyed !== undefined && plan.encoderOf === keyed.encoderOf && plan.name !== key;
}

function longestItems(context: TowerContext, feature: string, { towers: [query, item] }: Model): number | undefined {
  const plan = context.features.byName.get(feature)?.plan;
  return plan?.tower === query.name && listsItems(context, feature, item.key) ? plan.max : undefined;
}

/** float32 [batch]: a label, 0 where it is missing, or a feature that is one plain number. */
function lowerWeight(context: TowerContext, model: Model, task: Task, name: string): Ref | undefined {
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
