import type { BlockKind } from '../contract.ts';
import { dense } from './dense.ts';
import { dropout } from './dropout.ts';
import { flatten } from './flatten.ts';
import { layer_norm } from './layer_norm.ts';
import { mean } from './mean.ts';
import { mlp } from './mlp.ts';
import { normalize } from './normalize.ts';
import { senet } from './senet.ts';
import { sum } from './sum.ts';

/** Every kind of block, by the name a file uses. */
export const blocks: Readonly<Record<string, BlockKind>> = {
  flatten,
  dense,
  mlp,
  dropout,
  layer_norm,
  normalize,
  senet,
  mean,
  sum,
};
