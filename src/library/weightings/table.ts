import type { WeightingKind } from '../contract.ts';
import { uncertainty } from './uncertainty.ts';

/** Every way to weigh losses that changes while training; fixed weights are written as a sum. */
export const weightings: Readonly<Record<string, WeightingKind>> = { uncertainty };
