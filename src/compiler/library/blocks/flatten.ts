import { blockKind } from '../rows.ts';
import { flattened, needVector, vectorOf } from '../values.ts';

export const flatten = blockKind({
  doc: 'Puts the fields side by side, of whatever widths: fields[F × D] → vector[F · D]. A sequence is put end to end, zeros past its end: sequence[L × D] → vector[L · D]; interests likewise.',
  formula: ['[x_1, x_2, …], end to end'],
  when: 'Before a layer, to put fields side by side.',
  paper: 'no paper: concatenation',
  example: 'flatten',
  reads: () => 'all',
  lower({ builder }, input) {
    switch (input.kind) {
      case 'vector':
      case 'outputs':
        return needVector(input);
      case 'interests':
      case 'sequence': {
        const vectorCount = input.kind === 'sequence' ? input.maxLength : input.count;
        const missingCount = vectorCount - (input.tensor.type.shape[1] as number);
        const padded = missingCount === 0 ? input.tensor : builder.pad(input.tensor, [0, 0, 0], [0, missingCount, 0]);
        const flatWidth = vectorCount * input.width;
        const tensor = builder.reshape(padded, [input.tensor.type.shape[0]!, flatWidth]);
        return vectorOf(tensor, flatWidth);
      }
      case 'fields':
        return flattened(builder, input.fields);
    }
  },
});
