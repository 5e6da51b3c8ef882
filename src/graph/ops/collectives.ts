/** Ops whose value depends on all workers of a group. They are defined here for a group of one worker. */
import { countElements, GraphTypeError, printShape, sameDim } from '../dims.ts';
import type { TensorType } from '../graph.ts';
import { expectInputs, expectRank, numericDtypes, type OpRow } from './row.ts';

export const collectiveOps: Readonly<Record<'AllGather' | 'AllReduce', OpRow>> = {
  AllGather: {
    doc: 'Rows of all workers: [own, …] by int32 [own] and any int32 [n] → [n, …]. Row i of a worker is row places[i] of the result.',
    type(inputs): TensorType {
      expectInputs(inputs, numericDtypes, ['int32'], ['int32']);
      const [values, places, all] = inputs as [TensorType, TensorType, TensorType];
      expectRank(places, 1);
      expectRank(all, 1);
      if (values.shape.length === 0 || !sameDim(values.shape[0]!, places.shape[0]!)) {
        throw new GraphTypeError(
          `${printShape(values.shape)} has not one row for each of ${printShape(places.shape)} places`,
        );
      }
      return { dtype: values.dtype, shape: [all.shape[0]!, ...values.shape.slice(1)] };
    },
    // The gradient of a row is the sum of its gradients in all workers.
    gradient: (context) => [
      () => context.builder.gather(context.builder.allReduce(context.fullUpstream()), context.inputs[1]!),
      'none',
      'none',
    ],
    evaluate([values, places], output) {
      const rowWidth = countElements(values!.shape.slice(1));
      places!.data.forEach((place, i) => {
        if (place < 0 || place >= output.shape[0]!) {
          throw new GraphTypeError(`AllGather: place ${place} is not within ${output.shape[0]}`);
        }
        output.data.set(values!.data.subarray(i * rowWidth, (i + 1) * rowWidth), place * rowWidth);
      });
    },
  },
  AllReduce: {
    doc: 'The sum of the operands of all workers, element by element.',
    type(inputs): TensorType {
      expectInputs(inputs, numericDtypes);
      return inputs[0]!;
    },
    gradient: (context) => [() => context.builder.allReduce(context.fullUpstream())],
    evaluate([values], output) {
      output.data.set(values!.data);
    },
  },
};
