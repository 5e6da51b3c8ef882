import type { Builder, Ref } from '../../../graph/builder.ts';
import { productOfDims } from '../../../graph/dims.ts';
import { choice, integer } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { needSequence, vectorOf } from '../values.ts';
import { layer } from './layer.ts';

export const gru = blockKind({
  doc: 'Gated recurrent unit: reads a sequence in its order, from a state h of 0, which stays as it is past the end. sequence[L × D] → vector[units], the last state, 0 for an empty sequence; with `states: all` → sequence[L × units].',
  formula: [
    '[a_r, a_z, a_m] = x_t · W + b, [c_r, c_z, c_m] = h · U + d',
    'r = σ(a_r + c_r), z = σ(a_z + c_z), m = tanh(a_m + r ⊙ c_m)',
    'h ← (1 − z) ⊙ m + z ⊙ h',
  ],
  when: 'For short sequences whose order matters.',
  paper:
    'Cho et al., "Learning phrase representations using RNN encoder–decoder", EMNLP 2014 (equations 5 to 8; r after the product, as in PyTorch); for sessions: Hidasi et al., "Session-based recommendations with recurrent neural networks", ICLR 2016',
  example: 'gru(6)',
  parameters: {
    units: integer({ min: 1, required: true, positional: true, doc: 'Width of the state.' }),
    states: choice(['last', 'all'], { doc: 'The state at the end, or the one after each element.', default: 'last' }),
  },
  reads: () => 'earlier',
  lower(context, input, { units, states }) {
    const { builder } = context;
    const sequence = needSequence(input);
    const { tensor, mask, length, width } = sequence;
    const batch = tensor.type.shape[0]!;
    const gates = 3 * units;
    // One product computes the inputs' part of the gates for all elements. Only the state's part needs the previous step.
    const elements = builder.reshape(tensor, [productOfDims([batch, length]), width]);
    const elementGates = layer(context, elements, width, gates, 'linear', '_element');
    const gatesByElement = builder.reshape(elementGates, [batch, length * gates]);
    let state = builder.broadcastTo(builder.constant(0), sliceColumns(builder, gatesByElement, 0, units));
    const allStates: Ref[] = [];
    for (let index = 0; index < length; index++) {
      const elementGate = sliceColumns(builder, gatesByElement, index * gates, gates);
      const stateGate = layer(context, state, units, gates, 'linear', '_state');
      const gateSum = builder.add(
        sliceColumns(builder, elementGate, 0, 2 * units),
        sliceColumns(builder, stateGate, 0, 2 * units),
      );
      const [reset, update] = splitInHalf(builder, builder.sigmoid(gateSum), units);
      const candidateOfElement = sliceColumns(builder, elementGate, 2 * units, units);
      const candidateOfState = builder.mul(reset, sliceColumns(builder, stateGate, 2 * units, units));
      const candidate = builder.tanh(builder.add(candidateOfElement, candidateOfState));
      // Past the end the mask is 0, so the state does not change.
      const updateShare = builder.mul(builder.sub(1, update), sliceColumns(builder, mask, index, 1));
      state = builder.add(state, builder.mul(updateShare, builder.sub(candidate, state)));
      allStates.push(state);
    }
    const { selectNewest: newest } = context;
    if (states === 'last' && newest === undefined) return vectorOf(state, units);
    const joined = builder.reshape(builder.concat(allStates, 1), [batch, length, units]);
    if (states === 'last' && newest) return vectorOf(newest(joined), units);
    return { ...sequence, tensor: builder.mul(joined, builder.reshape(mask, [batch, length, 1])), width: units };
  },
});

/** Selects columns: [batch, width] → [batch, count]. */
function sliceColumns(builder: Builder, x: Ref, start: number, count: number): Ref {
  return builder.slice(x, [0, start], [-1, count]);
}

/** Splits [batch, 2 · width] into two of [batch, width]. */
function splitInHalf(builder: Builder, x: Ref, width: number): readonly [Ref, Ref] {
  return [sliceColumns(builder, x, 0, width), sliceColumns(builder, x, width, width)];
}
