/** Implements the sharpness of a softmax: a fixed or trained number multiplies its scores, and its target may be smoothed. */
import type { Ref } from '../../../graph/builder.ts';
import { type LossContext, ShapeError, type VectorScore } from '../contract.ts';
import { type BoundIn, number, numberOr } from '../parameters.ts';

/** ε of a smoothed target. */
export const smoothing = number({
  min: 0,
  below: 1,
  doc: 'ε: this share of the target goes to all answers alike (Szegedy et al., CVPR 2016, section 7).',
  default: 0,
});

/** The kind for a trained temperature, which replaces the number. */
const trained = {
  learned: {
    doc: 'τ is trained: e^−l, where the weight l begins at −log `from` and never passes −log `least`. A step that passes the limit is reflected, so that the weight can leave it again. The report shows τ.',
    paper:
      'Radford et al., "Learning transferable visual models from natural language supervision", ICML 2021 (CLIP, section 2.5: from 0.07, least 0.01)',
    example: 'learned(0.07)',
    also: ['learnable', 'trainable', 'trained'],
    parameters: {
      from: number({ above: 0, default: 0.07, positional: true, doc: 'τ before the first step.' }),
      least: number({ above: 0, default: 0.01, doc: 'What τ never falls below.' }),
    },
  },
} as const;

export const sharpnessArguments = {
  temperature: numberOr(trained, { above: 0, doc: 'τ: divides the score. 1 without `temperature` and `scale`.' }),
  scale: number({ above: 0, doc: 'γ: multiplies the score; the same as a temperature of 1/γ.' }),
};

export interface Sharpened {
  readonly context: LossContext;
  readonly score: VectorScore;
  /** The factor that the score still needs: 1 for a trained one, because the score is already multiplied. */
  readonly sharpness: number;
}

/** Returns the score of the loss and its factor. Throws ShapeError if the factor is given twice or begins beyond its limit. */
export function sharpened(
  context: LossContext,
  score: VectorScore,
  args: { readonly temperature: number | BoundIn<typeof trained> | undefined; readonly scale: number | undefined },
): Sharpened {
  const { temperature, scale } = args;
  if (temperature !== undefined && scale !== undefined) {
    throw new ShapeError('takes `temperature` or `scale`, not both');
  }
  if (typeof temperature !== 'object') return { context, score, sharpness: scale ?? 1 / (temperature ?? 1) };
  const { from, least } = temperature.arguments;
  if (from < least) throw new ShapeError(`needs a temperature from \`least\` on, ${least}, but begins at ${from}`);
  const { builder } = context;
  const factor = learnedScale(context, from, least);
  const stretched = (some: VectorScore): VectorScore => ({
    ...some,
    query: builder.mul(some.query, factor),
    bound: some.bound / least,
  });
  return {
    context: { ...context, scoreOf: (rows) => stretched(context.scoreOf(rows)) },
    score: stretched(score),
    sharpness: 1,
  };
}

/** Returns 1/τ, a scalar. */
function learnedScale({ builder, measure }: LossContext, from: number, least: number): Ref {
  const weight = builder.parameter('log_scale', [1], { kind: 'constant', value: -Math.log(from) });
  const largestLog = -Math.log(least);
  const log = builder.sub(largestLog, builder.abs(builder.sub(largestLog, builder.reshape(weight, []))));
  measure('temperature', builder.exp(builder.neg(log)));
  return builder.exp(log);
}
