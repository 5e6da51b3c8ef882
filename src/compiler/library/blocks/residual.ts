import { type Field, ShapeError } from '../contract.ts';
import { flow } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { asVector, printValue } from '../values.ts';

export const residual = blockKind({
  doc: 'Adds the input to the output of its blocks: for a vector, fields, a sequence or interests, whose shape f must keep.',
  formula: ['x + f(x)'],
  when: 'Around blocks that keep the shape, so that deep towers train.',
  paper: 'He et al., "Deep residual learning for image recognition", CVPR 2016',
  example: 'residual(mlp(128, 64))',
  parameters: {
    blocks: flow({
      required: true,
      positional: true,
      doc: 'f: a block, the name of one of this file, or several with arrows.',
    }),
  },
  lower(context, given, { blocks }) {
    const { builder } = context;
    const flowValue = context.applyFlow(blocks, given);
    // Most blocks treat a single field as a vector.
    const input = flowValue.kind === 'vector' ? (asVector(given) ?? given) : given;
    const rejectShapes = (): never => {
      throw new ShapeError(
        `adds what its blocks give to what they get, but ${printValue(given)} becomes ${printValue(flowValue)}`,
      );
    };
    if (printValue(input) !== printValue(flowValue) || input.kind === 'outputs') return rejectShapes();
    if (input.kind === 'fields' && flowValue.kind === 'fields') {
      const fields = input.fields.map((field, index): Field => {
        const otherField = flowValue.fields[index]!;
        return field.width === otherField.width
          ? { ...field, tensor: builder.add(field.tensor, otherField.tensor) }
          : rejectShapes();
      });
      return { kind: 'fields', fields };
    }
    if (input.kind === 'fields' || flowValue.kind === 'fields' || flowValue.kind === 'outputs') return rejectShapes();
    const tensor = builder.add(input.tensor, flowValue.tensor);
    return input.kind === 'sequence' ? { ...input, tensor } : { ...input, tensor, normalized: false };
  },
});
