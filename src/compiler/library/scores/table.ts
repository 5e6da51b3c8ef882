import type { ScoreKind } from '../contract.ts';
import { number } from '../parameters.ts';
import { cosine } from './cosine.ts';
import { distance } from './distance.ts';
import { dot } from './dot.ts';
import { hadamard } from './hadamard.ts';
import { itemToItem } from './item_to_item.ts';
import { maxSim } from './max_sim.ts';

/** Words for the additional terms of a score, with their text in an editor. */
export const biasWords = {
  mean: number({
    doc: 'The mean of the label over the training part, each event by its weight. A constant that training does not change. For `mse` and `huber`.',
  }),
  bias: number({
    doc: 'A learned number for each value of the key of the tower, 0 at first. Its optimizer is `embeddings`. A channel of width 1 that is called `bias` takes its place.',
  }),
} as const;

/** Maps names in a file to kinds of scores. */
export const scores: Readonly<Record<string, ScoreKind>> = {
  cosine,
  dot,
  hadamard,
  distance,
  max_sim: maxSim,
  item_to_item: itemToItem,
};
