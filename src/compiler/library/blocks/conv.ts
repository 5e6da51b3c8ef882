import type { Builder, Ref } from '../../../graph/builder.ts';
import { productOfDims } from '../../../graph/dims.ts';
import { activations } from '../activations.ts';
import { type Sequence, ShapeError } from '../contract.ts';
import { choice, integer } from '../parameters.ts';
import { blockKind } from '../rows.ts';
import { endToEnd, needSequence } from '../values.ts';
import { layer } from './layer.ts';

export const conv = blockKind({
  doc: 'A convolution along the positions of a sequence: a layer of each element and of its neighbours, zeros where there is none. sequence[L × D] → sequence[L × units], 0 past the end.',
  formula: [
    'activation(Σ_k x_(t − (width − 1 − k) · dilation) · W_k + b), k from 0 to width − 1',
    'mask: none: t + (k − floor((width − 1) / 2)) · dilation in place of t − (width − 1 − k) · dilation',
  ],
  when: 'For patterns of a few elements in a row. Stack it with growing `dilation` for long ones, or follow it with `max`: `history -> conv(64, width: 3, activation: relu) -> max`.',
  paper:
    'Tang and Wang, "Personalized top-N sequential recommendation via convolutional sequence embedding" (Caser), WSDM 2018; causal and dilated: Yuan et al., "A simple convolutional generative network for next item recommendation" (NextItNet), WSDM 2019',
  also: ['conv1d', 'convolution', 'causal_conv', 'dilated_conv', 'convolution1d', 'temporal_conv', 'tcn'],
  near: ['cnn', 'caser', 'nextitnet', 'conv2d'],
  example: 'conv(width: 3, dilation: 2)',
  parameters: {
    units: integer({ min: 1, positional: true, doc: 'Width of what it gives; D where not given.' }),
    width: integer({ min: 1, doc: 'How many elements it reads for each.', default: 3 }),
    dilation: integer({ min: 1, doc: 'How many places lie between two of those.', default: 1 }),
    activation: choice(activations, { doc: 'Follows the sum.', default: 'linear' }),
    mask: choice(['causal', 'none'], {
      doc: 'Whether an element reads those before it and itself, or as many on both sides.',
      default: 'causal',
    }),
  },
  reads: ({ mask }) => (mask === 'causal' ? 'earlier' : 'all'),
  lower(context, input, { units, width, dilation, activation, mask: maskKind }) {
    const { builder } = context;
    const sequence = needSequence(input);
    const { mask, length, maxLength: most } = sequence;
    const span = (width - 1) * dilation;
    if (span >= most) {
      throw new ShapeError(
        `reads ${span + 1} places in a row, but the sequence has ${most}: choose a smaller \`width\` or \`dilation\``,
      );
    }
    const elementsBefore = maskKind === 'causal' ? width - 1 : Math.floor((width - 1) / 2);
    const batch = mask.type.shape[0]!;
    const shown = builder.reshape(mask, [batch, length, 1]);
    // Positions past the end count as zeros for the elements before them and get no gradient.
    const elements = maskKind === 'causal' ? sequence : { ...sequence, tensor: builder.mul(sequence.tensor, shown) };
    const neighbours = Array.from({ length: width }, (_, k) =>
      moved(builder, elements, (elementsBefore - k) * dilation),
    );
    const inputs = width * sequence.width;
    const windowRows = builder.reshape(endToEnd(builder, neighbours, 2), [productOfDims([batch, length]), inputs]);
    const outputWidth = units ?? sequence.width;
    const maskRows = builder.reshape(mask, [productOfDims([batch, length])]);
    const convolved = layer(context, windowRows, inputs, outputWidth, activation, '', maskRows);
    return {
      ...sequence,
      width: outputWidth,
      tensor: builder.mul(builder.reshape(convolved, [batch, length, outputWidth]), shown),
    };
  },
});

/** Shifts elements: each position gets the element `distance` positions before it, or after it if negative; zeros where there is none. */
function moved(builder: Builder, { tensor, length, width }: Sequence, distance: number): Ref {
  if (distance === 0) return tensor;
  const wider = builder.pad(tensor, [0, Math.max(0, distance), 0], [0, Math.max(0, -distance), 0]);
  return builder.slice(wider, [0, Math.max(0, -distance), 0], [-1, length, width]);
}
