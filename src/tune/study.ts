import type { SamplerName } from './samplers/table.ts';
import type { SearchSpace } from './space.ts';

/** Two studies are the same, when one goes on, if these are equal. */
export interface Study {
  readonly model: string;
  /** SHA-256 of the model's files and of the data block's. */
  readonly sources: string;
  readonly space: SearchSpace;
  /** Settings that hold in all trials. */
  readonly set: Readonly<Record<string, string>>;
  readonly metric: string;
  /** True if the model has `stop`: a run then keeps the weights of its best epoch. */
  readonly stops: boolean;
  /** Seed of the file: search jobs have it, all others one after it. */
  readonly fileSeed: number;
  readonly sampler: SamplerName;
  /** Seed of the points that are drawn. */
  readonly seed: number;
  readonly halving: boolean;
  readonly rungs: number;
  readonly parallel: number;
  readonly finalists: number;
  readonly seeds: number;
}
