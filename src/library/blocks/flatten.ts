import { blockKind } from '../rows.ts';
import { needVector } from '../values.ts';

export const flatten = blockKind({
  doc: 'Puts the fields side by side, of whatever widths: fields[F × D] → vector[F · D]. A sequence is put end to end, zeros past its end: sequence[L × D] → vector[L · D]; interests likewise.',
  formula: ['[x_1, x_2, …], end to end'],
  when: 'Before a layer, to put fields side by side.',
  paper: 'no paper: concatenation',
  example: 'flatten',
  parameters: {},
  lower({ builder }, input) {
    switch (input.kind) {
      case 'vector':
      case 'outputs':
        return needVector(input);
      case 'interests':
      case 'sequence': {
        const width = (input.kind === 'sequence' ? input.length : input.count) * input.width;
        return {
          kind: 'vector',
          tensor: builder.reshape(input.tensor, [input.tensor.type.shape[0]!, width]),
          width,
          normalized: false,
        };
      }
      case 'fields': {
        const tensors = input.fields.map((field) => field.tensor);
        return {
          kind: 'vector',
          tensor: tensors.length === 1 ? tensors[0]! : builder.concat(tensors, 1),
          width: input.fields.reduce((sum, field) => sum + field.width, 0),
          normalized: false,
        };
      }
    }
  },
});
