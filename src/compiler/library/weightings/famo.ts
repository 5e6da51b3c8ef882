import type { Ref } from '../../../graph/builder.ts';
import { number } from '../parameters.ts';
import { weightingKind } from '../rows.ts';
import { lossValues, presence, state, tasks, unstack, weightedSum } from './vectors.ts';

/** Smaller losses count as this number, because their logarithm is taken. */
const smallest = 1e-8;

export const famo = weightingKind({
  doc: 'Every loss shrinks at a like rate. It costs no gradient more than a plain sum. The fall is from one batch to the next, not on the same batch again. A task without rows in the batch has weight 0, and its ξ stays: its fall is from the last batch that had some.',
  formula: [
    'd_k = log(L_k of the step before / L_k), 0 at first',
    'z = softmax(ξ), δ = z ⊙ (d − z · d), ξ ← ξ − rate · (δ + decay · ξ)',
    'w_k ∝ softmax(ξ)_k / L_k of the new ξ, with sum 1',
  ],
  when: 'Where there are many tasks: it balances them at the cost of one.',
  paper: 'Liu et al., "FAMO: Fast adaptive multitask optimization", NeurIPS 2023 (algorithm 1)',
  example: 'famo(click, like)',
  parameters: {
    tasks,
    rate: number({ above: 0, doc: 'β: step size of ξ.', default: 0.025 }),
    decay: number({ min: 0, doc: 'γ: how strongly ξ is drawn back to 0, even weights.', default: 0.01 }),
  },
  lower({ builder, losses }, { rate, decay }) {
    const taskCount = losses.length;
    const logits = state(builder, 'logits', taskCount);
    const previous = state(builder, 'previous_losses', taskCount);
    const flooredLosses = builder.maximum(lossValues(builder, losses), smallest);
    const present = presence(builder, losses);
    const hasRows = present && builder.greater(present, 0);
    const ofPresent = (next: Ref, absent: Ref | number): Ref =>
      hasRows === undefined ? next : builder.select(hasRows, next, absent);
    const sharesOf = (parts: Ref): Ref => {
      const sum = builder.sum(parts, [0], true);
      return builder.div(parts, hasRows === undefined ? sum : builder.maximum(sum, 1e-30));
    };

    // It is 0 in the first step.
    const hasPrevious = builder.greater(previous, 0);
    const fell = builder.log(builder.div(builder.maximum(previous, smallest), flooredLosses));
    const fall = ofPresent(builder.select(hasPrevious, fell, 0), 0);
    const allShares = builder.softmax(logits);
    const shares = hasRows === undefined ? allShares : sharesOf(ofPresent(allShares, 0));
    const mean = builder.sum(builder.mul(shares, fall), [0], true);
    const slope = builder.mul(shares, builder.sub(fall, mean));
    const moved = builder.sub(logits, builder.mul(builder.add(slope, builder.mul(logits, decay)), rate));
    const nextLogits = ofPresent(moved, logits);
    builder.update(logits, nextLogits);
    builder.update(previous, ofPresent(flooredLosses, previous));

    const ratios = ofPresent(builder.div(builder.softmax(nextLogits), flooredLosses), 0);
    const weights = unstack(builder, sharesOf(ratios));
    return { total: weightedSum(builder, losses, weights), weights };
  },
});
