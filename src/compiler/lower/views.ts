/** Lowers the query tower twice more for a loss that compares views of the same row. Only the training step has such views. */
import { symbolic } from '../../graph/dims.ts';
import type { ViewRows } from '../../graph/plan/plan.ts';
import { rowsPrefix } from '../../graph/plan/rows_prefix.ts';
import { type Sequence, ShapeError, type ViewOptions, type Views } from '../library/contract.ts';
import type { Model, Task } from '../model/model.ts';
import { rowsDim } from './field.ts';
import { type Channels, lowerScore } from './score.ts';
import { blockContext, listsOf, lowerTower, type TowerContext } from './tower.ts';

/** Throws ShapeError if the views of a row could not differ, and for what views cannot have. */
export function lowerViews(
  context: TowerContext,
  model: Model,
  task: Task,
  items: Channels,
  { sameItem, change }: ViewOptions,
): Views {
  const [tower, item] = model.towers;
  const [list] = listsOf(tower, context.features);
  if (task.weight !== undefined || task.only !== undefined)
    throw new ShapeError('takes all rows alike: drop `weight` and `only` of the task');
  if (change && list === undefined)
    throw new ShapeError(
      `changes a list that \`${tower.name}\` reads in sequence, and there is none: write \`pool: none\``,
    );
  const rowsOfView = (view: 1 | 2): ViewRows => ({
    ...{ kind: 'views', task: task.name, view },
    ...(list === undefined ? {} : { list }),
    ...(sameItem && view === 2 ? { sameItem } : {}),
  });
  const { inputs } = context;
  const vectorOf = (rows: ViewRows) => {
    const changed = change && ((sequence: Sequence) => change(sequence, noiseOf(rows, sequence)));
    const own: TowerContext = { ...context, diagnostics: [], arrows: [], shared: new Map(), change: changed };
    const score = inputs.builder.unscoped(() =>
      lowerScore(blockContext(own, `loss/${task.name}`, rows), model, task, lowerTower(own, tower, rows), items, []),
    );
    if (score === undefined || score.interests !== undefined)
      throw new ShapeError(`needs one vector for each row of \`${tower.name}\`, not several interests`);
    return score.query;
  };
  const noiseOf =
    (rows: ViewRows, { name }: Sequence) =>
    (what: string, width: number) =>
      inputs.input(`${what}/${rowsPrefix(rows)}${name}`, { from: 'noise', width, rows }, [rowsDim(rows), width]);
  const first = rowsOfView(1);
  const vectors = [vectorOf(first), vectorOf(rowsOfView(2))] as const;
  const dropsIds = (feature: string): boolean => context.features.byName.get(feature)?.plan.drop !== undefined;
  if (!sameItem && !inputs.drawsFor(first, (source) => 'feature' in source && dropsIds(source.feature)))
    throw new ShapeError(
      `compares two views that are the same: add \`dropout\` to \`${tower.name}\`, or take \`crop\`, \`mask\`, \`reorder\` or \`same_item\``,
    );
  const source = {
    from: 'view_pairs',
    rows: first,
    ...(sameItem && item.key !== undefined ? { key: item.key } : {}),
  } as const;
  const alike = inputs.input(`view_pairs/${task.name}`, source, [symbolic('view_pairs'), 2], 'int32');
  return { vectors, alike };
}
