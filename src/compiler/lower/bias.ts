/** Lowers the biases of a score, which are numbers of one side, to additional dimensions of the vectors of both sides. */
import { type Diagnostic, diagnose } from '../../base/diagnostics/diagnostic.ts';
import type { Builder, Ref } from '../../graph/builder.ts';
import type { ChannelPair, VectorScore } from '../library/contract.ts';
import { printValue } from '../library/values.ts';
import type { Bias, Model, Task } from '../model/model.ts';

/** Returns the name of the parameter for the mean of a task's label. Training sets its value from the training part. */
export const meanParameter = (task: string): string => `score/${task}/mean`;

/** Returns the name of the table of a tower's biases: a number for each value of its key. */
export const biasTable = (tower: string): string => `${tower}.bias`;

/**
 * Lowers biases to a score of width 1 or 2: the numbers u of the query tower and v of the item tower become [u, 1] · [1, v]. Without biases there is no score.
 * It must be called within the scope of the task's score.
 * @param first the score of the first term, which determines the number of rows
 */
export function lowerBiases(
  builder: Builder,
  { towers }: Model,
  { score: { biases = [] } }: Task,
  first: VectorScore,
  query: ReadonlyMap<string, ChannelPair['query']>,
  item: ReadonlyMap<string, ChannelPair['query']>,
): { readonly score?: VectorScore } | { readonly diagnostic: Diagnostic } {
  if (biases.length === 0) return {};
  const [one, other] = [onesLike(builder, first.query), onesLike(builder, first.item)];
  const sums: { query?: Ref; item?: Ref } = {};
  const add = (side: 'query' | 'item', value: Ref, factor: number): void => {
    const scaled = factor === 1 ? value : builder.mul(value, factor);
    const sum = sums[side];
    sums[side] = sum ? builder.add(sum, scaled) : scaled;
  };
  for (const bias of biases) {
    if (bias.kind === 'constant') add('query', one, bias.value);
    else if (bias.kind === 'mean') {
      const mean = builder.parameter('mean', [1], { kind: 'zeros' }, { trainable: false });
      add('query', builder.mul(one, mean), bias.factor);
    } else {
      const biasValue = (bias.side === 'query' ? query : item).get(bias.channel);
      // Its error is already reported.
      if (!biasValue) return {};
      if (biasValue.kind !== 'vector' || biasValue.width !== 1) return { diagnostic: wide(towers, bias, biasValue) };
      add(bias.side, biasValue.tensor, bias.factor);
    }
  }
  const hasBoth = sums.query !== undefined && sums.item !== undefined;
  return {
    score: {
      query: hasBoth ? builder.concat([sums.query!, one], 1) : (sums.query ?? one),
      item: hasBoth ? builder.concat([other, sums.item!], 1) : (sums.item ?? other),
      width: hasBoth ? 2 : 1,
      bound: Number.POSITIVE_INFINITY,
    },
  };
}

/** Returns ones: float32 [rows, …] → [rows, 1]. */
function onesLike(builder: Builder, { id, type }: Ref): Ref {
  const { shape } = type;
  const sliceStart = shape.map(() => 0);
  const sliceSize = shape.map((_, index) => (index === 0 ? -1 : 1));
  const like = builder.reshape(builder.slice({ id, type }, sliceStart, sliceSize), [shape[0]!, 1]);
  return builder.broadcastTo(builder.constant(1), like);
}

function wide(
  [query, item]: Model['towers'],
  { side, channel, span }: Extract<Bias, { readonly kind: 'channel' }>,
  value: ChannelPair['query'],
): Diagnostic {
  const tower = side === 'query' ? query : item;
  const type = printValue(value);
  const step = tower.steps.find(({ name }) => name === channel);
  const lastSpan = step?.flow.steps.at(-1)?.span ?? step?.flow.from.span;
  const channelName = `${tower.name}.${channel}`;
  const notes = lastSpan ? [{ message: `\`${channelName}\` is ${type}`, at: lastSpan }] : [];
  return diagnose('bias-width', span, { name: channelName, type }, { notes });
}
