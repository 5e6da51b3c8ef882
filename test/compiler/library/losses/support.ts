/** One loss as a graph over query and item vectors. */

import type { LossContext } from '../../../../src/compiler/library/contract.ts';
import { losses } from '../../../../src/compiler/library/losses/table.ts';
import { type FormulaLossArguments, lowerLoss } from '../../../../src/compiler/lower/formula/lower_loss.ts';
import { libraryFormula } from '../../../../src/compiler/model/formula/library_formula.ts';
import { exampleOf, kindsNamed } from '../../../../src/editor/reference/examples.ts';
import { makeBuilder, type Ref } from '../../../../src/graph/builder.ts';
import { differentiate } from '../../../../src/graph/differentiate.ts';
import { symbolicDim } from '../../../../src/graph/dims.ts';
import { evaluateGraph } from '../../../../src/graph/evaluate.ts';
import type { Graph, Tensor } from '../../../../src/graph/graph.ts';
import { rowsPrefix } from '../../../../src/graph/plan/rows_prefix.ts';
import { simplify } from '../../../../src/graph/simplify.ts';
import { batch, contextOf, floats, integers, random, rowsOf } from '../support.ts';

export interface LossCase {
  readonly kind: string;
  readonly width: number;
  readonly arguments?: Readonly<Record<string, unknown>>;
  /** What |score| never exceeds. */
  readonly bound?: number;
  readonly weighted?: boolean;
  readonly label?: boolean;
  /** The item tower sees each item of the batch once. */
  readonly distinct?: boolean;
  /** Each row stands for all events of a user. */
  readonly users?: boolean;
}

/** Inputs `query`, `item`, `<rows>item` for drawn rows, `weight`, `label`; outputs `loss`, `gradient:query`, `gradient:item`. */
export function lossGraph(testCase: LossCase): { graph: Graph; raw: Graph } {
  const { kind, width, bound = Number.POSITIVE_INFINITY, weighted = false, label = false } = testCase;
  const row = losses[kind]!;
  const builder = makeBuilder(kind);
  const query = builder.input('query', [batch, width]);
  const score = (item: Ref) => ({ query, item, width, bound });
  const item = builder.input('item', [batch, width]);
  const inputs: Ref[] = testCase.distinct ? [query] : [query, item];
  const drawnItems = new Map<string, Ref>();
  const context: LossContext = {
    ...contextOf(builder),
    key: 'video_id',
    queryKey: 'user_id',
    listsItems: (feature) => feature === 'history',
    describesItem: (feature) => feature === 'market',
    maxItemCount: (feature) => (['history', 'taught'].includes(feature) ? 4 : undefined),
    batch: 4,
    itemsAreDistinct: testCase.distinct ?? false,
    task: 'watch',
    measure: (what, value) => builder.output(what, value),
    views() {
      const vectors = [1, 2].map((view) => builder.input(`view_${view}`, [symbolicDim('views'), width])) as [Ref, Ref];
      inputs.push(...vectors);
      return { vectors, isNoNegative: builder.input('alike', [symbolicDim('views'), symbolicDim('views')]) };
    },
    lossOfRows: (some, args, text) =>
      lowerLoss(libraryFormula(text!.name, args, text!), context, some, args as FormulaLossArguments),
    scoreOf(rows) {
      const count =
        'perRow' in rows
          ? symbolicDim('batch', rows.perRow)
          : 'count' in rows
            ? rows.count
            : symbolicDim(rows.kind === 'events' ? 'batch' : rows.kind);
      const name = `${rowsPrefix(rows)}item`;
      const drawn = drawnItems.get(name) ?? builder.input(name, [count, width]);
      if (!drawnItems.has(name)) inputs.push(drawn);
      drawnItems.set(name, drawn);
      return score(drawn);
    },
    ...(testCase.users
      ? {
          userItems: () => ({
            pairs: builder.input('users/items/video_id', [symbolicDim('user_items'), 2], 'int32'),
            has: builder.input('users/has/video_id', [batch]),
          }),
        }
      : {}),
    ...(weighted ? { weight: builder.input('weight', [batch]) } : {}),
    ...(label ? { label: builder.input('label', [batch]) } : {}),
  };
  const defaults = Object.fromEntries(
    Object.entries(row.parameters).map(([name, { default: value, required }]) => [
      name,
      required ? argumentsOfExample(kind)[name] : value,
    ]),
  );
  const loss = row.lower(context, score(item), { ...defaults, ...testCase.arguments });
  builder.output('loss', loss);
  differentiate(builder, loss, inputs).forEach((gradient, at) => {
    const name = builder.nodes[inputs[at]!.id]!.attributes.name;
    // What a loss does not read has none.
    if (gradient !== undefined) builder.output(`gradient:${name}`, gradient);
  });
  const raw = builder.finish();
  return { raw, graph: simplify(raw) };
}

/** Numbers for a loss of a row for each of `weight`, whose own items are its hits. */
export function inputsOf({ inputs, nodes }: Graph, weight: readonly number[]): Record<string, Tensor> {
  const rows = weight.length;
  return Object.fromEntries(
    inputs.map(({ name, node }, at) => {
      const pairs = Array.from({ length: 2 * rows }, (_, i) => i >> 1);
      if (name === 'weight') return [name, floats([rows], weight)];
      if (name === 'label')
        return [
          name,
          floats(
            [rows],
            Array.from({ length: rows }, (_, i) => (i + 1) % 2),
          ),
        ];
      if (name.startsWith('positives') || name.startsWith('hits')) return [name, integers([rows, 2], pairs)];
      const low = name.startsWith('listed_weights') ? 0 : -1;
      const shape = nodes[node]!.type.shape.map((dim) => (typeof dim === 'number' ? dim : dim.times * rows));
      return [name, random(shape, at, low)];
    }),
  );
}

function argumentsOfExample(kind: string): Readonly<Record<string, unknown>> {
  const row = kindsNamed(kind).find(({ section }) => section.table === 'losses')!;
  return exampleOf(row).checked.model!.tasks[0]!.loss!.arguments;
}

/** What the example of a loss gives for a few rows, and the mean of their own scores. */
export function lossOfExample(kind: string): { readonly loss: number; readonly meanScore: number } {
  const { raw } = lossGraph({
    kind,
    arguments: argumentsOfExample(kind),
    width: 3,
    label: losses[kind]!.label !== 'none',
  });
  const inputs = inputsOf(raw, [1, 1, 1, 1]);
  const [query, item] = ['query', 'item'].map((name) => rowsOf(inputs[name]!));
  const scores = query!.map((vector, at) => vector.reduce((sum, value, i) => sum + value * item![at]![i]!, 0));
  const meanScore = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  return { loss: evaluateGraph(raw, inputs, {}).outputs.loss!.data[0]!, meanScore };
}
