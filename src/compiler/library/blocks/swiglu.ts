import { activatePlainly } from '../activations.ts';
import { integer } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { eachVector } from '../values.ts';

export const swiglu = blockKind({
  doc: 'A net with one hidden layer that a second layer gates, as in Llama, without biases. vector[N] → the same; the same for each interest, and for each element of a sequence.',
  formula: ['(silu(x · W_gate) ⊙ (x · W_up)) · W_down', 'silu(z) = z · σ(z), W_gate and W_up of [N × units]'],
  when: 'In place of two dense layers, most often within a sum: `residual(layer_norm -> swiglu)`.',
  paper: 'Shazeer, "GLU variants improve transformer", 2020 (equation 6, `FFN_SwiGLU`)',
  near: ['geglu', 'reglu', 'glu'],
  example: 'swiglu(8)',
  parameters: {
    units: integer({
      min: 1,
      positional: true,
      doc: 'Width of the hidden layer; 8/3 · N, rounded up, where not given.',
    }),
  },
  lower: ({ builder }, input, { units }) =>
    eachVector(builder, input, (rows, width) => {
      const hidden = units ?? Math.ceil((8 * width) / 3);
      const weights = (name: string, inputs: number, outputs: number) =>
        builder.parameter(`weights_${name}`, [inputs, outputs], { kind: 'glorot', fans: [inputs, outputs] });
      const gate = activatePlainly(builder, builder.matMul(rows, weights('gate', width, hidden)), 'silu');
      const gated = builder.mul(gate, builder.matMul(rows, weights('up', width, hidden)));
      return { tensor: builder.matMul(gated, weights('down', hidden, width)), width };
    }),
});
