/** Identity functions that tie a row's `parameters` to the types of its methods. */
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

export const featureKind = <P extends Parameters>(row: FeatureKind<P>): FeatureKind<P> => row;
export const blockKind = <P extends Parameters>(row: BlockKind<P>): BlockKind<P> => row;
export const scoreKind = <P extends Parameters>(row: ScoreKind<P>): ScoreKind<P> => row;
export const lossKind = <P extends Parameters>(row: LossKind<P>): LossKind<P> => row;
export const weightingKind = <P extends Parameters>(row: WeightingKind<P>): WeightingKind<P> => row;
export const optimizerKind = <P extends Parameters>(row: OptimizerKind<P>): OptimizerKind<P> => row;
export const metricKind = <P extends Parameters>(row: MetricKind<P>): MetricKind<P> => row;
