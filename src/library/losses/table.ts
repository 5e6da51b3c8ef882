import type { LossKind } from '../contract.ts';
import { bce } from './bce.ts';
import { mse } from './mse.ts';
import { softmax } from './softmax.ts';

/** Every kind of loss, by the name a file uses. */
export const losses: Readonly<Record<string, LossKind>> = { softmax, bce, mse };
