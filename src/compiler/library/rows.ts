/** Identity functions that tie a row's `parameters`, none by default, to the types of its methods. */
import type {
  BlockKind,
  FeatureKind,
  LossKind,
  MetricKind,
  OptimizerKind,
  Parameters,
  ScoreKind,
  WeightingKind,
} from './contract.ts';

type None = Record<never, never>;
type RowOfKind<K extends { readonly parameters: Parameters }> = Omit<K, 'parameters'> & Partial<Pick<K, 'parameters'>>;

export const featureKind = <P extends Parameters>(row: FeatureKind<P>): FeatureKind<P> => row;
export const weightingKind = <P extends Parameters>(row: WeightingKind<P>): WeightingKind<P> => row;
export const optimizerKind = <P extends Parameters>(row: OptimizerKind<P>): OptimizerKind<P> => row;

const whole = <R extends object>(row: R) => ({ parameters: {} as never, ...row });
export const blockKind = <P extends Parameters = None>(row: RowOfKind<BlockKind<P>>): BlockKind<P> => whole(row);
export const scoreKind = <P extends Parameters = None>(row: RowOfKind<ScoreKind<P>>): ScoreKind<P> => whole(row);
export const lossKind = <P extends Parameters = None>(row: RowOfKind<LossKind<P>>): LossKind<P> => whole(row);
export const metricKind = <P extends Parameters = None>(row: RowOfKind<MetricKind<P>>): MetricKind<P> => whole(row);
