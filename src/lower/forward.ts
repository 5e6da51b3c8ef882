/** Forward: both towers and each task's loss, with every mistake that shapes can tell. */
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { makeBuilder, type Ref } from '../graph/builder.ts';
import { rowsPrefix } from '../library/rows_prefix.ts';
import type { Model } from '../model/model.ts';
import type { LoweredFeatures } from './features.ts';
import type { Arrow } from './flow.ts';
import { GraphInputs } from './inputs.ts';
import { Names } from './names.ts';
import type { RowsOf } from './plan.ts';
import type { Channels } from './score.ts';
import { type ItemChannels, lowerTask } from './task.ts';
import { lowerTower, type TowerContext } from './tower.ts';

const events: RowsOf = { kind: 'events' };

export interface Forward {
  readonly context: TowerContext;
  /** Scalars by task; a task with a mistake is absent. */
  readonly losses: ReadonlyMap<string, Ref>;
  readonly arrows: readonly Arrow[];
  readonly diagnostics: readonly Diagnostic[];
}

export function lowerForward(model: Model, features: LoweredFeatures): Forward {
  const context: TowerContext = {
    inputs: new GraphInputs(makeBuilder(`${model.name}_step`)),
    features,
    names: new Names(),
    shared: new Map(),
    diagnostics: [],
    arrows: [],
    training: true,
  };
  const query = lowerTower(context, model.towers[0], events);
  const items = itemChannels(context, model);
  items(events);
  const losses = new Map<string, Ref>();
  for (const task of model.tasks) {
    const loss = lowerTask(context, model, task, query, items);
    if (loss !== undefined) losses.set(task.name, loss);
  }
  return { context, losses, arrows: context.arrows, diagnostics: context.diagnostics };
}

/** The item tower, lowered once for each kind of rows; what it says of mistakes counts the first time. */
function itemChannels(context: TowerContext, { towers }: Model): ItemChannels {
  const known = new Map<string, Channels>();
  return (rows) => {
    const name = rowsPrefix(rows);
    const again = known.size === 0 ? context : { ...context, diagnostics: [], arrows: [] };
    const channels = known.get(name) ?? lowerTower(again, towers[1], rows);
    known.set(name, channels);
    return channels;
  };
}
