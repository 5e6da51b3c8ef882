import { integer } from '../parameters.ts';
import { formulaBlock } from '../rows.ts';

export const swiglu = formulaBlock('swiglu', {
  doc: 'A net with one hidden layer that a second layer gates, as in Llama, without biases. vector[N] → the same; the same for each interest, and for each element of a sequence.',
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
});
