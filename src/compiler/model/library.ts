/** All tables in which words of a file are looked up. They are a parameter, so that tests can use their own. */
import { blocks } from '../library/blocks/table.ts';
import type {
  BlockKind,
  FeatureKind,
  LossKind,
  MetricKind,
  OptimizerKind,
  ScoreKind,
  WeightingKind,
} from '../library/contract.ts';
import { features } from '../library/features/table.ts';
import { losses } from '../library/losses/table.ts';
import { metrics } from '../library/metrics/table.ts';
import { optimizers } from '../library/optimizers/table.ts';
import { scores } from '../library/scores/table.ts';
import { weightings } from '../library/weightings/table.ts';

export interface Library {
  readonly features: Readonly<Record<string, FeatureKind>>;
  readonly blocks: Readonly<Record<string, BlockKind>>;
  readonly scores: Readonly<Record<string, ScoreKind>>;
  readonly losses: Readonly<Record<string, LossKind>>;
  readonly weightings: Readonly<Record<string, WeightingKind>>;
  readonly optimizers: Readonly<Record<string, OptimizerKind>>;
  readonly metrics: Readonly<Record<string, MetricKind>>;
}

export const library: Library = { features, blocks, scores, losses, weightings, optimizers, metrics };

/** Returns a row of a table; undefined for names such as `constructor`. */
export const rowIn = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;
