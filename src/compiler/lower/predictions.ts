/** What tasks predict of one event: a probability, or a number. */
import { invariant } from '../../base/diagnostics/failure.ts';
import { makeBuilder } from '../../graph/builder.ts';
import type { GraphPlan, RowsOf, TaskPlan } from '../../graph/plan/plan.ts';
import { losses } from '../library/losses/table.ts';
import type { Model, Task } from '../model/model.ts';
import { needsOf } from '../model/references.ts';
import { makeEventScores } from './event_scores.ts';
import type { LoweredFeatures } from './features.ts';
import { finished } from './finish.ts';
import { GraphInputs } from './inputs.ts';
import { lowerItem } from './item.ts';
import { blockContext, lowerTower, makeTowerContext } from './tower.ts';

const events: RowsOf = { kind: 'events' };

/** Nothing of a task whose loss compares an event with others: its score by itself says nothing of a label. */
export function predictsOf({ loss }: Pick<Task, 'loss'>): TaskPlan['predicts'] {
  if (!loss) return undefined;
  if (losses[loss.kind]!.probability?.(loss.arguments) !== undefined) return 'probability';
  return needsOf({ losses }, loss).label === 'number' ? 'number' : undefined;
}

/** The towers as they are served, over the rows of events: output `prediction:<task>`. Nothing where no task predicts. */
export function lowerPredictions(model: Model, features: LoweredFeatures): GraphPlan | undefined {
  const tasks = model.tasks.filter(predictsOf);
  if (tasks.length === 0) return undefined;
  const builder = makeBuilder(`${model.name}_predictions`);
  const inputs = new GraphInputs(builder);
  const context = makeTowerContext(inputs, features, false);
  const query = lowerTower(context, model.towers[0], events);
  const item = lowerItem(context, model.towers[1], events);
  const block = blockContext(context, 'predict', events);
  const scores = makeEventScores(() => block, model, query, item, context.diagnostics);
  for (const task of tasks) {
    const logit = scores.logit(task);
    invariant(logit, `the score of ${task.name} lowers alike for training and prediction`);
    builder.output(`prediction:${task.name}`, logit);
  }
  return finished(inputs);
}
