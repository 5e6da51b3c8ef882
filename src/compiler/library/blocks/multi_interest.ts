import type { Builder, Ref } from '../../../graph/builder.ts';
import { productOfDims } from '../../../graph/dims.ts';
import { type BlockContext, type Sequence, ShapeError } from '../contract.ts';
import { choice, integer } from '../parameters.ts';
import { blockKind, towerText } from '../rows.ts';
import { needSequence } from '../values.ts';

export const multi_interest = blockKind({
  doc: 'Several vectors for one history; a score takes the best of them: sequence[L × D] → interests[K × D]. `attention`: K learned queries. `routing`: capsules, each interest with a map of its own, their logits from 0 by dynamic routing. The rounds before the last are not differentiated: gradients reach the map and the history through the last weighted sum alone, its shares being constants. An empty history gives 0.',
  formula: [
    ...towerText('multi_interest'),
    'by: routing: c_t = softmax over k of b_t, z_k = Σ_t c_tk (x_t · M_k), b_tk 0 at first',
    'interest k = ‖z_k‖² / (1 + ‖z_k‖²) · z_k / ‖z_k‖, b_tk ← b_tk + (x_t · M_k) · interest k',
    'the rounds before the last are not differentiated: the last c_t are constants',
  ],
  when: 'For users with several tastes: retrieval searches with each vector.',
  paper: 'Cen et al., "ComiRec", KDD 2020 (equations 4 to 7); routing after Li et al., "MIND", CIKM 2019 (algorithm 1)',
  example: 'multi_interest(2, attention)',
  parameters: {
    interests: integer({ min: 1, max: 64, positional: true, doc: 'K: how many vectors.', default: 4 }),
    by: choice(['attention', 'routing'], { positional: true, doc: 'How they come about.', default: 'attention' }),
    units: integer({ min: 1, doc: 'Width of W₁ of `attention`. Default 4 · D.' }),
    iterations: integer({ min: 1, max: 16, doc: 'Rounds of `routing`. Default 3.' }),
  },
  lower(context, input, { interests, by, units, iterations }) {
    const sequence = needSequence(input);
    if (by === 'attention' && iterations !== undefined) throw new ShapeError('takes `iterations` with `routing` only');
    if (by === 'routing' && units !== undefined) throw new ShapeError('takes `units` with `attention` only');
    if (by === 'attention')
      return context.formula('multi_interest', [sequence], { interests, units: units ?? 4 * sequence.width });
    const tensor = routeToInterests(context, sequence, interests, iterations ?? 3);
    return { kind: 'interests', tensor, count: interests, width: sequence.width, normalized: false };
  },
});

/** Returns interests by dynamic routing: float32 [batch, interests, width]. The routing weights are not differentiated, but the final sum is. */
function routeToInterests({ builder }: BlockContext, sequence: Sequence, interests: number, iterations: number): Ref {
  const { tensor, mask, length, width } = sequence;
  const batch = tensor.type.shape[0]!;
  const capsuleCount = productOfDims([batch, interests]);
  const maps = builder.parameter('maps', [width, interests * width], { kind: 'glorot', fans: [width, width] });
  const elementRows = builder.reshape(tensor, [productOfDims([batch, length]), width]);
  const mappedElements = builder.reshape(builder.matMul(elementRows, maps), [batch, length, interests, width]);
  // [batch · interests, length, width]
  const capsules = builder.reshape(builder.transpose(mappedElements, [0, 2, 1, 3]), [capsuleCount, length, width]);
  const constantCapsules = builder.stopGradient(capsules);
  const maskColumn = builder.reshape(mask, [batch, length, 1]);
  const gatherInterests = (logits: Ref, inputs: Ref): Ref => {
    // The weights of each element of the history sum to 1 over the interests.
    const shares = builder.mul(builder.softmax(logits), maskColumn);
    const weights = builder.reshape(builder.transpose(shares, [0, 2, 1]), [capsuleCount, 1, length]);
    return squash(builder, builder.batchMatMul(weights, inputs));
  };
  let logits = builder.mul(
    builder.broadcastTo(
      maskColumn,
      builder.reshape(builder.sum(builder.stopGradient(mappedElements), [3]), [batch, length, interests]),
    ),
    0,
  );
  for (let round = 1; round < iterations; round++) {
    const agreement = builder.batchMatMul(constantCapsules, gatherInterests(logits, constantCapsules), {
      transposeB: true,
    });
    const byInterest = builder.reshape(agreement, [batch, interests, length]);
    logits = builder.add(logits, builder.transpose(byInterest, [0, 2, 1]));
  }
  return builder.reshape(gatherInterests(logits, capsules), [batch, interests, width]);
}

/** Returns ‖z‖² ÷ (1 + ‖z‖²) · z ÷ ‖z‖ over the last axis. */
function squash(builder: Builder, z: Ref): Ref {
  const square = builder.sum(builder.square(z), [z.type.shape.length - 1], true);
  const scale = builder.div(square, builder.mul(builder.add(square, 1), builder.sqrt(builder.add(square, 1e-9))));
  return builder.mul(z, scale);
}
