/**
 * usearch, the one library of graph indexes here. It is an optional peer: nothing installs it, and nothing but an index needs it. It has no types
 * where it is missing, so those that are used are here.
 */
import { createRequire } from 'node:module';
import { failure } from '../../base/diagnostics/failure.ts';
import type { SpaceName } from './space.ts';

/** The last that runs on Node 20. */
export const usearchVersion = '2.25.3';

export interface UsearchIndex {
  /** @param threads 0: as many as the machine has */
  add(keys: BigUint64Array, vectors: Float32Array, threads: number): void;
  /** Returns at most `count` keys, the nearest first. `count` is the width of the search too. */
  search(vector: Float32Array, count: number, threads: number): { readonly keys: BigUint64Array };
  save(path: string): void;
  /** Maps the file into memory, and reads from it what a search needs. */
  view(path: string): void;
  size(): number;
  dimensions(): number;
}

export interface UsearchSettings {
  readonly metric: SpaceName;
  readonly quantization: 'f32' | 'f16';
  readonly connectivity: number;
  readonly expansion_add: number;
}

interface Usearch {
  readonly Index: new (settings: UsearchSettings & { readonly dimensions: number }) => UsearchIndex;
}

/**
 * @param from what is loaded
 * @throws Failure `no-usearch`
 */
export function loadUsearch(from = 'usearch'): Usearch {
  try {
    return createRequire(import.meta.url)(from) as Usearch;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
    const [reason = ''] = error instanceof Error ? error.message.split('\n') : [];
    throw failure('no-usearch', { version: usearchVersion, reason: isMissing ? undefined : reason });
  }
}
