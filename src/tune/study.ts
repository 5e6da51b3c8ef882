/** What a study searches, and how. */
import type { SamplerName } from './samplers/table.ts';
import type { Space } from './space.ts';

/** What makes a study the same when it goes on. */
export interface Study {
  readonly model: string;
  /** SHA-256 of the model's files and of the data block's. */
  readonly sources: string;
  readonly space: Space;
  /** What holds in all trials. */
  readonly set: Readonly<Record<string, string>>;
  readonly metric: string;
  /** Whether the model has `stop`: a run then keeps the weights of its best epoch. */
  readonly stops: boolean;
  /** Of the file: search jobs have it, all others one after it. */
  readonly fileSeed: number;
  readonly sampler: SamplerName;
  /** Of the points that are drawn. */
  readonly seed: number;
  readonly halving: boolean;
  readonly rungs: number;
  readonly parallel: number;
  readonly finalists: number;
  readonly seeds: number;
}
