import { blockKind } from '../rows.ts';

export const flatten = blockKind({
  doc: 'Puts the fields side by side, of whatever widths: fields[F × D] → vector[F · D]. A sequence is put end to end, zeros past its end: sequence[L × D] → vector[L · D].',
  paper: 'no paper: concatenation',
  example: 'flatten',
  parameters: {},
  lower({ builder }, input) {
    switch (input.kind) {
      case 'vector':
        return input;
      case 'sequence': {
        const width = input.length * input.width;
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
