import type { LossKind } from '../contract.ts';
import { bce } from './bce.ts';
import { bpr } from './bpr.ts';
import { bsl } from './bsl.ts';
import { ccl } from './ccl.ts';
import { contrast } from './contrast.ts';
import { directau } from './directau.ts';
import { distill } from './distill.ts';
import { focal } from './focal.ts';
import { gbce } from './gbce.ts';
import { hinge } from './hinge.ts';
import { huber } from './huber.ts';
import { listwise } from './listwise.ts';
import { mimic } from './mimic.ts';
import { mse } from './mse.ts';
import { softmax } from './softmax.ts';

/** Maps names in a file to kinds of losses. */
export const losses: Readonly<Record<string, LossKind>> = {
  softmax,
  listwise,
  bpr,
  hinge,
  bce,
  focal,
  mse,
  huber,
  ccl,
  bsl,
  gbce,
  directau,
  distill,
  contrast,
  mimic,
};
