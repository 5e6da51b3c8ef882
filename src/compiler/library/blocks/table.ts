import type { BlockKind } from '../contract.ts';
import { gelu, relu, sigmoid, silu, softplus, tanh } from './activation_blocks.ts';
import { attention } from './attention.ts';
import { ball } from './ball.ts';
import { batch_norm } from './batch_norm.ts';
import { bilinear } from './bilinear.ts';
import { bsarec } from './bsarec.ts';
import { cin } from './cin.ts';
import { concat } from './concat.ts';
import { conv } from './conv.ts';
import { cross } from './cross.ts';
import { cross_v2 } from './cross_v2.ts';
import { dense } from './dense.ts';
import { dice } from './dice.ts';
import { dropout } from './dropout.ts';
import { ffm } from './ffm.ts';
import { flatten } from './flatten.ts';
import { fm } from './fm.ts';
import { abs, exp, square } from './function_blocks.ts';
import { gate } from './gate.ts';
import { gaussian } from './gaussian.ts';
import { gru } from './gru.ts';
import { hstu } from './hstu.ts';
import { last } from './last.ts';
import { layer_norm } from './layer_norm.ts';
import { leaky_relu } from './leaky_relu.ts';
import { mask } from './mask.ts';
import { max } from './max.ts';
import { mean } from './mean.ts';
import { mix } from './mix.ts';
import { mlp } from './mlp.ts';
import { mmoe } from './mmoe.ts';
import { multi_interest } from './multi_interest.ts';
import { normalize } from './normalize.ts';
import { ple } from './ple.ts';
import { positions } from './positions.ts';
import { prelu } from './prelu.ts';
import { product } from './product.ts';
import { repeat } from './repeat.ts';
import { residual } from './residual.ts';
import { self_attention } from './self_attention.ts';
import { senet } from './senet.ts';
import { sum } from './sum.ts';
import { swiglu } from './swiglu.ts';
import { transformer } from './transformer.ts';

/** Maps names in a file to kinds of blocks. */
export const blocks: Readonly<Record<string, BlockKind>> = {
  flatten,
  dense,
  mlp,
  dropout,
  gaussian,
  layer_norm,
  batch_norm,
  normalize,
  ball,
  relu,
  leaky_relu,
  prelu,
  dice,
  gelu,
  silu,
  tanh,
  sigmoid,
  softplus,
  square,
  abs,
  exp,
  senet,
  gate,
  mask,
  residual,
  repeat,
  cross,
  cross_v2,
  fm,
  ffm,
  cin,
  bilinear,
  mean,
  sum,
  max,
  product,
  concat,
  attention,
  self_attention,
  gru,
  multi_interest,
  mmoe,
  ple,
  last,
  positions,
  transformer,
  hstu,
  mix,
  bsarec,
  conv,
  swiglu,
};
