import type { ScoreKind } from '../contract.ts';
import { cosine } from './cosine.ts';
import { dot } from './dot.ts';
import { hadamard } from './hadamard.ts';

/** Every kind of score, by the name a file uses. */
export const scores: Readonly<Record<string, ScoreKind>> = { cosine, dot, hadamard };
