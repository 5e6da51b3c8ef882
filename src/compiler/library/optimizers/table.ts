import type { OptimizerKind } from '../contract.ts';
import { adagrad } from './adagrad.ts';
import { adam } from './adam.ts';
import { adamw } from './adamw.ts';
import { lamb } from './lamb.ts';
import { sgd } from './sgd.ts';

/** Maps names in a file to kinds of optimizers. */
export const optimizers: Readonly<Record<string, OptimizerKind>> = { sgd, adagrad, adam, adamw, lamb };
