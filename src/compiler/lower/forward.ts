/** Lowers the forward pass: both towers and each task's loss. Reports every error of shapes. */
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import { defined } from '../../base/util/defined.ts';
import { makeBuilder, type Ref } from '../../graph/builder.ts';
import type { RowsOf } from '../../graph/plan/plan.ts';
import { rowsPrefix } from '../../graph/plan/rows_prefix.ts';
import { losses } from '../library/losses/table.ts';
import type { Model, Task } from '../model/model.ts';
import { makeEventScores } from './event_scores.ts';
import type { LoweredFeatures } from './features.ts';
import type { Arrow } from './flow.ts';
import { GraphInputs } from './inputs.ts';
import { type Cut, lowerInParts } from './parts.ts';
import type { Channels } from './score.ts';
import { type ItemChannels, lowerTask } from './task.ts';
import {
  blockContext,
  lowerItem,
  lowerTower,
  makeTowerContext,
  type TowerChannels,
  type TowerContext,
} from './tower.ts';

const events: RowsOf = { kind: 'events' };

export interface Forward {
  readonly context: TowerContext;
  /** Losses by task. Absent for a task with an error or without a loss. */
  readonly losses: ReadonlyMap<string, Ref>;
  /** The weight of each row, float32 [batch], by task; absent for a task for which all count alike. */
  readonly rowWeights: ReadonlyMap<string, Ref>;
  /** Further scalars that the step reports, by output: `temperature:watch`. */
  readonly measured: ReadonlyMap<string, Ref>;
  readonly arrows: readonly Arrow[];
  readonly diagnostics: readonly Diagnostic[];
}

export interface ForwardOptions {
  /** The rows that the query tower reads lists of in sequence for. Absent: the events. */
  readonly rows?: RowsOf | undefined;
  /** Cuts the batch for the query tower. Absent: all lists have as many places as the longest. */
  readonly cut?: Cut | undefined;
}

export function lowerForward(
  model: Model,
  features: LoweredFeatures,
  { rows = events, cut }: ForwardOptions = {},
): Forward {
  const context = makeTowerContext(new GraphInputs(makeBuilder(`${model.name}_step`)), features, true);
  const [tower] = model.towers;
  const items = itemChannels(context, model);
  const asking = { ...context, ...defined({ elements: elementsOf(model, context, items) }) };
  const query = cut ? lowerInParts(asking, tower, rows, cut) : lowerTower(asking, tower, rows);
  items(events);
  const byTask = new Map<string, Ref>();
  const rowWeights = new Map<string, Ref>();
  const measured = new Map<string, Ref>();
  const distinct = readsDistinctItems(model, query, context);
  const contextOf = ({ name }: Task) => blockContext(context, `loss/${name}`, events);
  const scores = makeEventScores(contextOf, model, query, items(events), context.diagnostics);
  for (const task of model.tasks) {
    const { loss } = task;
    if (!loss) continue;
    const lowered = lowerTask(context, model, { ...task, loss }, query, items, scores, distinct);
    if (lowered === undefined) continue;
    byTask.set(task.name, lowered.loss);
    if (lowered.weight !== undefined) rowWeights.set(task.name, lowered.weight);
    for (const [what, value] of lowered.measured) measured.set(`${what}:${task.name}`, value);
  }
  for (const { parameter, value } of context.kept.values()) context.inputs.builder.update(parameter, value);
  context.diagnostics.push(...checkRetrieve(model, query));
  return { context, losses: byTask, rowWeights, measured, arrows: context.arrows, diagnostics: context.diagnostics };
}

/** The item tower over the elements of lists that go through it, if there are any. */
function elementsOf(
  { towers: [query] }: Model,
  { kept, features }: TowerContext,
  items: ItemChannels,
): TowerContext['elements'] {
  if (!query.features.some((name) => features.byName.get(name)?.plan.through)) return undefined;
  // The tower of the events goes first: what blocks keep of its rows is what a served tower has.
  items(events);
  const elementRows: RowsOf = { kind: 'elements', ...(kept.size > 0 ? { exact: true } : {}) };
  const channels = items(elementRows);
  return (channel) => channels.get(channel)?.tensor;
}

/**
 * True if the item tower may see each item of a batch once: no loss needs an item a row, no row's own item chooses among
 * interests, and no block keeps statistics of the rows that it sees.
 */
function readsDistinctItems({ tasks }: Model, query: TowerChannels, { kept }: TowerContext): boolean {
  const several = [...query.values()].some(({ kind }) => kind === 'interests');
  return (
    !several &&
    kept.size === 0 &&
    tasks.every(({ loss }) => loss && losses[loss.kind]!.distinct?.(loss.arguments) === true)
  );
}

/** The best of several interests plus the best of others is not the best of one list, nor is one times less than 0. */
function checkRetrieve({ tasks, retrieve }: Model, query: TowerChannels): Diagnostic[] {
  const several = retrieve.filter(({ task: name }) =>
    tasks
      .find((task) => task.name === name)!
      .score.terms.some(({ channels }) => channels.some((pair) => query.get(pair.query)?.kind === 'interests')),
  );
  const refused = (task: string, reason: string): Diagnostic =>
    diagnose('interests-in-retrieve', tasks.find(({ name }) => name === task)!.score.span, { task, reason });
  return several.flatMap(({ task, factor }, at) => {
    if (factor < 0) return [refused(task, 'its score is the best of several interests and the factor is below 0')];
    return at === 0 ? [] : [refused(task, `\`${several[0]!.task}\` also has several interests`)];
  });
}

/** Lowers the item tower once for each kind of rows. Only the first reports errors. */
function itemChannels(context: TowerContext, { towers }: Model): ItemChannels {
  const cachedChannels = new Map<string, Channels>();
  return (rows) => {
    const rowsName = rowsPrefix(rows);
    const itemContext = cachedChannels.size === 0 ? context : { ...context, diagnostics: [], arrows: [] };
    const channels = cachedChannels.get(rowsName) ?? lowerItem(itemContext, towers[1], rows);
    cachedChannels.set(rowsName, channels);
    return channels;
  };
}
