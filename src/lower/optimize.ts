/** The update of the dense weights, as part of the training step. */
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts';
import type { Ref } from '../graph/builder.ts';
import { ShapeError } from '../library/contract.ts';
import { optimizers } from '../library/optimizers/table.ts';
import type { Call } from '../model/model.ts';
import type { GraphInputs } from './inputs.ts';

export interface Weight {
  readonly parameter: Ref;
  readonly gradient: Ref;
}

/**
 * One update of all weights end to end, so that an engine runs a handful of ops however many layers there are. The
 * optimizer's slots are flat as well: `optimizer/<slot>`, as long as all weights together, in the order of the graph's.
 */
export function lowerUpdate(inputs: GraphInputs, call: Call, weights: readonly Weight[]): Diagnostic | undefined {
  const { builder } = inputs;
  if (weights.length === 0) return undefined;
  const row = optimizers[call.kind]!;
  const sizes = weights.map(({ parameter }) => elements(parameter));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const flat = (refs: readonly Ref[]): Ref => {
    const parts = refs.map((ref, at) => builder.reshape(ref, [sizes[at]!]));
    return parts.length === 1 ? parts[0]! : builder.concat(parts, 0);
  };
  try {
    builder.scope('optimizer', () => {
      const slots = row.slots.map((slot) =>
        builder.parameter(
          slot.name,
          [total],
          { kind: 'constant', value: slot.initial(call.arguments) },
          { trainable: false },
        ),
      );
      const next = row.update(
        builder,
        {
          weights: flat(weights.map(({ parameter }) => parameter)),
          gradient: flat(weights.map(({ gradient }) => gradient)),
          slots,
          rate: inputs.input('train/rate', { from: 'rate', optimizer: 'dense' }, []),
          step: inputs.input('train/step', { from: 'step' }, []),
        },
        call.arguments,
      );
      next.slots.forEach((slot, at) => {
        builder.update(slots[at]!, slot);
      });
      let begin = 0;
      weights.forEach(({ parameter }, at) => {
        const piece = builder.slice(next.weights, [begin], [sizes[at]!]);
        builder.update(parameter, builder.reshape(piece, parameter.type.shape));
        begin += sizes[at]!;
      });
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    return diagnose('arguments-conflict', call.span, { kind: call.kind, reason: error.reason });
  }
}

function elements({ type }: Ref): number {
  return type.shape.reduce<number>((product, length) => product * (length as number), 1);
}
