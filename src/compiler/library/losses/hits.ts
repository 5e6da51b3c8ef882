import type { Builder, Ref } from '../../../graph/builder.ts';
import { symbolicDim } from '../../../graph/dims.ts';
import type { InputSource, RowsOf } from '../../../graph/plan/plan.ts';
import { hitsSymbol, rowsPrefix } from '../../../graph/plan/rows_prefix.ts';
import { type LossContext, ShapeError } from '../contract.ts';
import { choice, name } from '../parameters.ts';

type Hits = Extract<InputSource, { readonly from: 'accidental_hits' }>;

/** Selects further hits: columns that are hidden in addition to those with the row's own item. */
export type FurtherHits = Pick<Hits, 'history' | 'own' | 'query'>;

/** The argument `mask` of every loss that compares items, which excludes the items of a list. */
export const mask = name('feature', {
  doc: "A list of item keys, such as the user's history: its items are not negatives of the row either.",
});

/** Arguments of a softmax that select the columns that are no negatives. */
export const hitArguments = {
  accidental_hits: choice(['mask', 'keep'], {
    doc: "What becomes of a negative that is the row's own item again.",
    default: 'mask',
  }),
  mask,
};

export interface HitArguments {
  readonly accidental_hits?: 'mask' | 'keep';
  readonly mask: string | undefined;
}

/** Returns the hits to mask if one of the columns is the row's own item. Throws ShapeError like `hitsToMask`, and for `accidental_hits: keep`. */
export function historyToMask(context: LossContext, args: HitArguments): FurtherHits | undefined {
  if (args.accidental_hits === 'keep') {
    throw new ShapeError('needs no `accidental_hits`: among all items the own one comes up once');
  }
  return args.mask === undefined ? undefined : hitsToMask(context, args);
}

/** Returns the hits to mask; undefined if there are none. Throws ShapeError for a mask without item keys. */
export function hitsToMask(
  { listsItems, key }: LossContext,
  { accidental_hits, mask }: HitArguments,
): FurtherHits | undefined {
  if (mask === undefined) return accidental_hits === 'keep' ? undefined : {};
  if (accidental_hits === 'keep') {
    throw new ShapeError('takes `mask` or `accidental_hits: keep`, not both: a mask excludes the own item too');
  }
  if (!listsItems(mask)) throw new ShapeError(`cannot mask by \`${mask}\`: it is not a list of \`${key}\``);
  return { history: mask };
}

/** Replaces the entries of hits by `value`: [batch, columns] → the same. */
export const replaceHits = (
  context: LossContext,
  matrix: Ref,
  rows: RowsOf,
  value: number,
  also: FurtherHits = {},
): Ref => putAt(context.builder, matrix, hitPairs(context, rows, also), value);

/** Returns the (row, column) pairs of hits, int32 [hits, 2]. */
export function hitPairs({ key, input }: LossContext, rows: RowsOf, also: FurtherHits): Ref {
  const suffix = [also.query && `same_${also.query}`, also.history, also.own && 'own']
    .filter(Boolean)
    .map((part) => `/${part}`);
  const hitCount = symbolicDim([hitsSymbol(rows), ...suffix].join(''));
  const source = { from: 'accidental_hits', key, rows, ...also } as const;
  return input(`hits/${rowsPrefix(rows)}${key}${suffix.join('')}`, source, [hitCount, 2], 'int32');
}

/** Replaces the entries at (row, column) pairs, int32 [n, 2], by `value`. */
export function putAt(builder: Builder, matrix: Ref, pairs: Ref, value: number): Ref {
  const firstColumn = builder.reshape(builder.slice(pairs, [0, 0], [-1, 1]), [pairs.type.shape[0]!]);
  const ofColumn = builder.cast(firstColumn, 'float32');
  return builder.scatterUpdate(matrix, pairs, builder.broadcastTo(builder.constant(value), ofColumn));
}

/** Returns the (row, column) pairs of rows with the same query, including each row with itself: int32 [positives, 2]. */
export const sameQueryPairs = ({ input }: LossContext, queryKey: string): Ref =>
  input(`positives/${queryKey}`, { from: 'positives', key: queryKey }, [symbolicDim('positives'), 2], 'int32');
