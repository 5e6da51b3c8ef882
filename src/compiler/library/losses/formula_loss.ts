/** Losses whose text in Tower is what is computed: of the library, and of files. */
import type { Ref } from '../../../graph/builder.ts';
import type { FormulaName, LossContext, LossKind, Parameters, VectorScore } from '../contract.ts';
import { lossKind, type RowOfKind, towerText } from '../rows.ts';
import { correction } from './log_q.ts';
import { withinCorpus } from './loss_columns.ts';
import { all } from './negatives.ts';
import { pairwiseArguments } from './pairwise.ts';
import { weightedMean } from './weighted_mean.ts';

/** The arguments of a loss of a file that compares a row's item with others. */
export const columnArguments = { all, ...pairwiseArguments };
/** The argument that a loss has besides if it reads log q. */
export const correctionArgument = { correction };

/** Returns the weighted mean of the loss of each row, by the text of the file or of the library. */
export function meanOfRows(
  context: LossContext,
  score: VectorScore,
  args: Readonly<Record<string, unknown>>,
  text?: { readonly name: FormulaName; readonly form?: number },
): Ref {
  const weight = args.all ? withinCorpus(context, score.query) : context.weight;
  return weightedMean(context.builder, context.lossOfRows(score, args, text), weight);
}

/** A loss that the text of its name in Tower computes. */
export const formulaLoss = <P extends Parameters>(
  name: FormulaName,
  row: Omit<RowOfKind<LossKind<P>>, 'formula' | 'inTower' | 'lower'>,
): LossKind<P> =>
  lossKind<P>({
    ...(row as RowOfKind<LossKind<P>>),
    formula: towerText(name),
    inTower: true,
    lower: (context, score, args) => meanOfRows(context, score, args, { name }),
  });
