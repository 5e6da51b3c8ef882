import type { WeightingKind } from '../contract.ts';
import { dwa } from './dwa.ts';
import { famo } from './famo.ts';
import { gradnorm } from './gradnorm.ts';
import { pareto } from './pareto.ts';
import { pcgrad } from './pcgrad.ts';
import { uncertainty } from './uncertainty.ts';

/** Weightings of losses that change during training. Fixed weights are written as a sum. */
export const weightings: Readonly<Record<string, WeightingKind>> = { uncertainty, gradnorm, dwa, pareto, pcgrad, famo };
