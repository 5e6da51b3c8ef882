/** A task's loss: its score, its label, its weight a row. */
import { diagnose } from '../diagnostics/diagnostic.ts';
import { invariant } from '../diagnostics/failure.ts';
import type { Ref } from '../graph/builder.ts';
import { symbolic } from '../graph/dims.ts';
import { type Score, ShapeError } from '../library/contract.ts';
import { losses } from '../library/losses/table.ts';
import type { Model, Task } from '../model/model.ts';
import type { RowsOf } from './plan.ts';
import { type Channels, lowerScore } from './score.ts';
import { blockContext, type TowerContext } from './tower.ts';

/** The item tower's channels for any rows; asked again for the same rows it gives the same values. */
export type ItemChannels = (rows: RowsOf) => Channels;

const events: RowsOf = { kind: 'events' };

/** A scalar, or undefined after a mistake, which is then among the context's diagnostics. */
export function lowerTask(
  context: TowerContext,
  model: Model,
  task: Task,
  query: Channels,
  items: ItemChannels,
): Ref | undefined {
  const { inputs, diagnostics } = context;
  const path = `loss/${task.name}`;
  const block = blockContext(context, path, events);
  const scoreOf = (rows: RowsOf): Score | undefined => lowerScore(block, model, task, query, items(rows), diagnostics);
  const score = scoreOf(events);
  const weight = task.weight === undefined ? undefined : lowerWeight(context, model, task, task.weight);
  if (score === undefined || (task.weight !== undefined && weight === undefined)) return undefined;

  const row = losses[task.loss.kind]!;
  const batch = symbolic('batch');
  const label =
    task.label === undefined
      ? {}
      : { label: inputs.input(`label/${task.label}`, { from: 'label', label: task.label }, [batch]) };
  try {
    return inputs.builder.scope(path, () =>
      row.lower(
        {
          ...block,
          key: model.towers[1].key ?? '',
          task: task.name,
          scoreOf(rows) {
            const drawn = scoreOf(rows);
            invariant(drawn, 'the item tower lowers alike for all rows');
            return drawn;
          },
          ...label,
          ...(weight === undefined ? {} : { weight }),
        },
        score,
        task.loss.arguments,
      ),
    );
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    diagnostics.push(diagnose('arguments-conflict', task.loss.span, { kind: task.loss.kind, reason: error.reason }));
    return undefined;
  }
}

/** float32 [batch]: a label, or a feature that is one plain number. */
function lowerWeight(
  { inputs, features, diagnostics }: TowerContext,
  model: Model,
  task: Task,
  name: string,
): Ref | undefined {
  const batch = symbolic('batch');
  if (model.labels.has(name)) return inputs.input(`label/${name}`, { from: 'label', label: name }, [batch]);
  const use = features.byName.get(name)?.use;
  if (use?.gives !== 'numbers' || use.size !== 1) {
    const at = features.byName.get(name)?.feature.span;
    const notes = at === undefined ? [] : [{ message: `\`${name}\` is declared here`, at }];
    diagnostics.push(diagnose('weight-not-number', task.span, { name }, { notes }));
    return undefined;
  }
  const numbers = inputs.input(name, { from: 'numbers', feature: name, rows: events }, [batch, 1]);
  return inputs.builder.reshape(numbers, [batch]);
}
