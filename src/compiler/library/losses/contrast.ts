import type { Ref } from '../../../graph/builder.ts';
import { flag, number } from '../parameters.ts';
import { lossKind } from '../rows.ts';
import { changeSequence } from './change_sequence.ts';
import { hidden, logSum, type ScoreColumns } from './loss_columns.ts';
import { rowScore, weightedMean } from './weighted_mean.ts';

export const contrast = lossKind({
  doc: "Contrast of views: the query tower sees each row of the batch twice, with its own dropout each time, and each view has to find the other one of its row among all views of the batch. The vectors are those of the task's score, which reads no item. Views of the same user are no negatives, nor with `same_item` those of the same item. A row whose list is empty has no views. With `targets = positions` the views are whole sequences. Training alone has views.",
  formula: [
    'z_i, z′_i the query vectors of two views of row i',
    's(a, b) = a · b / temperature',
    'loss = mean over both views of log(e^s(z_i, z′_i) + Σ_j e^s(z_i, z′_j) + Σ_j e^s(z_i, z_j)) − s(z_i, z′_i)',
    'j goes over the other rows, without those of the same user',
  ],
  when: 'Next to a loss on events, as a task with a small weight in `objective`: for histories that are short or noisy, and items that few know.',
  paper:
    'Xie et al., "Contrastive learning for sequential recommendation", ICDE 2022 (CL4SRec: crop, mask, reorder); Qiu et al., "Contrastive learning for representation degeneration problem in sequential recommendation", WSDM 2022 (DuoRec: dropout, same_item)',
  also: ['cl4srec', 'duorec', 'nt_xent', 'simclr'],
  near: ['augmentation', 'self_supervised', 'views'],
  example: 'contrast(crop: 0.6, mask: 0.3, reorder: 0.6)',
  label: 'none',
  needsItemKey: false,
  distinct: () => true,
  normalizesVectors: true,
  oneSided: true,
  parameters: {
    crop: number({
      above: 0,
      below: 1,
      doc: 'Share of a list in sequence that stays: a piece in one, from a random place.',
    }),
    mask: number({ above: 0, below: 1, doc: 'Share of the elements whose vectors become 0.' }),
    reorder: number({ above: 0, max: 1, doc: 'Share of a list, in one piece, whose elements change places.' }),
    same_item: flag({
      doc: 'The second view is of another training event with the same item, drawn in each step; of the row itself if there is none.',
    }),
    temperature: number({ above: 0, default: 1, doc: 'τ: divides the products of vectors.' }),
  },
  lower(context, _, { crop, mask, reorder, same_item, temperature }) {
    const { builder } = context;
    const shares = { crop, mask, reorder };
    const isChanged = Object.values(shares).some((share) => share !== undefined);
    const { vectors, isNoNegative: alike } = context.views({
      sameItem: same_item,
      ...(isChanged ? { change: (sequence, noise) => changeSequence(builder, sequence, shares, noise) } : {}),
    });
    const columns = (from: Ref, to: Ref): ScoreColumns => {
      const scores = builder.matMul(from, to, { transposeB: true });
      return {
        logits: builder.select(builder.greater(alike, 0.5), hidden, scores),
        visible: () => builder.sub(1, alike),
      };
    };
    const scaled = vectors.map((vector) => builder.mul(vector, 1 / Math.sqrt(temperature)));
    const own = rowScore(builder, scaled[0]!, scaled[1]!);
    const losses = scaled.map((from, index) => {
      const parts = [columns(from, scaled[1 - index]!), columns(from, from)];
      return builder.sub(logSum(context, { parts, own, ownApart: true }), own);
    });
    return weightedMean(builder, builder.mul(builder.add(losses[0]!, losses[1]!), 0.5), undefined);
  },
});
