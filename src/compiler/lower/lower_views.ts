/** Lowers the query tower twice more for a loss that compares views of the same row. Only the training step has such views. */
import type { Ref } from '../../graph/builder.ts';
import type { RowsOf, ViewRows } from '../../graph/plan/plan.ts';
import { rowsPrefix } from '../../graph/plan/rows_prefix.ts';
import { type Sequence, ShapeError, type ViewOptions, type Views } from '../library/contract.ts';
import type { Model, Task } from '../model/model.ts';
import { rowsDim } from './field.ts';
import { blockContext, type GraphLowering } from './flow.ts';
import { type Cut, lowerInParts } from './lower_parts.ts';
import { listsOf, lowerTower } from './lower_tower.ts';
import { type Channels, lowerScore } from './score.ts';

/** Throws ShapeError if the views of a row could not differ, and for what views cannot have. */
export function lowerViews(
  context: GraphLowering,
  model: Model,
  task: Task,
  items: Channels,
  cut: Cut | undefined,
  { sameItem, change }: ViewOptions,
): Views {
  const [tower, item] = model.towers;
  const [list] = listsOf(tower, context.features);
  if (task.weight !== undefined || task.only !== undefined)
    throw new ShapeError('takes all rows alike: drop `weight` and `only` of the task');
  if (change && list === undefined)
    throw new ShapeError(
      `changes a list that \`${tower.name}\` reads in sequence, and there is none: declare it as a \`sequence(…)\``,
    );
  if (sameItem && item.key === undefined)
    throw new ShapeError(`needs the item of an event for \`same_item\`: write \`keyed by\` at tower \`${item.name}\``);
  const rowsOfView = (view: 1 | 2): ViewRows => ({
    ...{ kind: 'views', task: task.name, view },
    ...(list === undefined ? {} : { list }),
    ...(sameItem && view === 2 ? { sameItem } : {}),
  });
  const { inputs } = context;
  const changed = change && ((sequence: Sequence, rows: RowsOf) => change(sequence, noiseOf(rows, sequence)));
  const noiseOf =
    (rows: RowsOf, { name }: Sequence) =>
    (what: string, width: number) =>
      inputs.input(`${what}/${rowsPrefix(rows)}${name}`, { from: 'noise', width, rows }, [rowsDim(rows), width]);
  const vectorOf = (rows: ViewRows) => {
    const own: GraphLowering = { ...context, rows, diagnostics: [], arrows: [], change: changed };
    const score = inputs.builder.unscoped(() => {
      const query = cut && cut.feature === list ? lowerInParts(own, tower, cut) : lowerTower(own, tower);
      const block = blockContext(own, `loss/${task.name}`);
      return lowerScore({ block, model, query, item: items, diagnostics: [] }, task);
    });
    if (score === undefined || score.interests !== undefined)
      throw new ShapeError(`needs one vector for each row of \`${tower.name}\`, not several interests`);
    return score.query;
  };
  const first = rowsOfView(1);
  const vectors = [vectorOf(first), vectorOf(rowsOfView(2))] as const;
  const dropsIds = (feature: string): boolean => context.features.byName.get(feature)?.plan.drop !== undefined;
  if (!sameItem && !inputs.drawsForViews(first, (source) => 'feature' in source && dropsIds(source.feature)))
    throw new ShapeError(
      `compares two views that are the same: add \`dropout\` to \`${tower.name}\`, or take \`crop\`, \`mask\`, \`reorder\` or \`same_item\``,
    );
  const isSame = (what: 'user' | 'item', key?: string): Ref => {
    const source = { from: 'view_numbers', rows: first, key } as const;
    const numbers = inputs.input(`${rowsPrefix(first)}${what}`, source, [rowsDim(first)], 'int32');
    const column = inputs.builder.reshape(numbers, [rowsDim(first), 1]);
    return inputs.builder.cast(inputs.builder.equal(column, numbers), 'float32');
  };
  const alike = sameItem ? inputs.builder.maximum(isSame('user'), isSame('item', item.key)) : isSame('user');
  return { vectors, isNoNegative: alike };
}
