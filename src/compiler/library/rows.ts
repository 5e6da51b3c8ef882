/** Functions that tie a row's `parameters`, none by default, to the types of its methods. */
import { formulas } from './blocks/generated_formulas.ts';
import type {
  Arguments,
  BlockKind,
  FeatureKind,
  FormulaName,
  LossKind,
  MetricKind,
  OptimizerKind,
  Parameters,
  ScoreKind,
  Value,
  WeightingKind,
} from './contract.ts';

type None = Record<never, never>;
export type RowOfKind<K extends { readonly parameters: Parameters }> = Omit<K, 'parameters'> &
  Partial<Pick<K, 'parameters'>>;

export const featureKind = <P extends Parameters>(row: FeatureKind<P>): FeatureKind<P> => row;
export const weightingKind = <P extends Parameters>(row: WeightingKind<P>): WeightingKind<P> => row;
export const optimizerKind = <P extends Parameters>(row: OptimizerKind<P>): OptimizerKind<P> => row;

const whole = <R extends object>(row: R) => ({ parameters: {} as never, ...row });
export const blockKind = <P extends Parameters = None>(row: RowOfKind<BlockKind<P>>): BlockKind<P> => whole(row);
/** Returns the lines of a text in Tower. */
export const towerText = (name: FormulaName): readonly string[] => formulas[name].trimEnd().split('\n');
/** A block that the text of its name in Tower computes. @param require throws ShapeError for an input that the text does not refuse */
export const formulaBlock = <P extends Parameters = None>(
  name: FormulaName,
  row: Omit<RowOfKind<BlockKind<P>>, 'formula' | 'inTower' | 'lower'>,
  require: (input: Value, args: Arguments<P>) => void = () => {},
): BlockKind<P> =>
  blockKind<P>({
    ...(row as RowOfKind<BlockKind<P>>),
    formula: towerText(name),
    inTower: true,
    lower(context, input, args) {
      require(input, args);
      return context.formula(name, [input], args);
    },
  });
export const scoreKind = <P extends Parameters = None>(row: RowOfKind<ScoreKind<P>>): ScoreKind<P> => whole(row);
export const lossKind = <P extends Parameters = None>(row: RowOfKind<LossKind<P>>): LossKind<P> => whole(row);
export const metricKind = <P extends Parameters = None>(row: RowOfKind<MetricKind<P>>): MetricKind<P> => whole(row);
