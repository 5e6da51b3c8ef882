import { random, type Sampler } from './sampler.ts';
import { tpe } from './tpe.ts';

/** The first one is the default. */
export const samplers = { tpe, random } satisfies Readonly<Record<string, Sampler>>;

export type SamplerName = keyof typeof samplers;
