import { ShapeError } from '../contract.ts';
import { name } from '../parameters.ts';
import { lossKind } from '../rows.ts';
import { hidden } from './loss_columns.ts';
import { ownRowsOf } from './negatives.ts';
import { sharpened, sharpnessArguments } from './temperature.ts';
import { ownColumnScores, sharpenedRow, weightedMean } from './weighted_mean.ts';

export const distill = lossKind({
  doc: "Cross-entropy between a teacher's distribution over a list of items that each row has and the softmax of the row's scores over the same items. The distribution is the weights of the list over their sum; without `weights` all its items count alike. Items that the corpus does not have are left out. A row without such an item, or without a weight above 0, does not count. The row's own item has no part in it.",
  formula: [
    't_j = w_j / Σ w over the items j of the list',
    'loss_i = −Σ_j t_j log softmax over the items j of s_ij / temperature',
  ],
  when: 'Next to a loss on events, as a task of its own with the same score: the list is what a larger model ranks highest for the row.',
  paper:
    'Tang & Wang, "Ranking distillation: learning compact ranking models with high performance for recommender system", KDD 2018; the cross-entropy of two softmaxes: Hinton et al., "Distilling the knowledge in a neural network", 2015 (section 2)',
  example: 'distill(taught)',
  label: 'none',
  needsItemKey: true,
  relative: true,
  parameters: {
    list: name('feature', {
      required: true,
      positional: true,
      doc: 'A list of keys of the item tower with the probabilities of the teacher as its `weights`. From more items than its `max` that many are drawn at each step.',
    }),
    ...sharpnessArguments,
  },
  lower(given, scores, args) {
    const { context, score, sharpness } = sharpened(given, scores, args);
    const { builder, weight } = context;
    const rows = ownRowsOf(context, { kind: 'listed', arguments: { list: args.list, n: undefined } });
    if (rows?.kind !== 'listed') throw new ShapeError(`needs a list, and \`${args.list}\` is none`);
    const { query } = sharpenedRow(builder, score, sharpness, 0);
    const batch = query.type.shape[0]!;
    const logits = ownColumnScores(builder, query, context.scoreOf(rows).item, rows.perRow);
    const source = { from: 'listed_weights', rows } as const;
    const weights = context.input(`listed_weights/${rows.perRow}/${rows.feature}`, source, [batch, rows.perRow]);
    const shares = builder.logSoftmax(builder.select(builder.greaterEqual(weights, 0), logits, hidden));
    const taught = builder.maximum(weights, 0);
    const total = builder.sum(taught, [1]);
    const losses = builder.div(
      builder.sum(builder.mul(taught, shares), [1]),
      builder.neg(builder.maximum(total, 1e-12)),
    );
    const isTaught = builder.cast(builder.greater(total, 0), 'float32');
    return weightedMean(builder, losses, weight === undefined ? isTaught : builder.mul(weight, isTaught));
  },
});
