/** Sums up an evaluation: the baselines that the model beats, those that beat it, and those that the events cannot decide about. */
import type { Interval } from './bootstrap.ts';
import type { Evaluation, EvaluationRow } from './evaluate.ts';
import { listOf } from './sentences.ts';

export interface Verdict {
  readonly metric: string;
  readonly model: string;
  readonly figure: number;
  /** The whole interval of the model's lead is above 0. */
  readonly beats: readonly Judged[];
  /** The whole interval is below 0. */
  readonly beatenBy: readonly Judged[];
  readonly undecided: readonly Judged[];
}

interface Judged {
  readonly name: string;
  readonly figure: number;
  /** The model's figure less this one. */
  readonly lead: Interval;
}

/** By the first metric, or `metric`. Undefined where nothing was next to the model, or the evaluation has no intervals. */
export function verdictOf(
  { metrics, rows }: Pick<Evaluation, 'metrics' | 'rows'>,
  metric?: string,
): Verdict | undefined {
  const [model, ...baselines] = rows;
  const label = metric ?? metrics.find((name) => model?.intervals?.[name]);
  if (!model || label === undefined) return undefined;
  const judgedRows = baselines.flatMap((row) => judgedBy(row, label));
  if (judgedRows.length === 0) return undefined;
  return {
    metric: label,
    model: model.name,
    figure: model.all[label]!,
    beats: judgedRows.filter(({ lead }) => lead.low > 0),
    beatenBy: judgedRows.filter(({ lead }) => lead.high < 0),
    undecided: judgedRows.filter(({ lead }) => lead.low <= 0 && lead.high >= 0),
  };
}

function judgedBy({ name, all, lead }: EvaluationRow, metric: string): Judged[] {
  const ownLead = lead?.[metric];
  return ownLead ? [{ name, figure: all[metric]!, lead: ownLead }] : [];
}

/** A sentence for each group, the worst news first: `ease and item_cf beat two_tower.` */
export function verdictSentences({ model, metric, figure, beats, beatenBy, undecided }: Verdict): string[] {
  const named = (all: readonly Judged[]): string =>
    listOf(all.toSorted((a, b) => b.figure - a.figure).map((each) => `${each.name} (${each.figure.toFixed(4)})`));
  return [
    ...(beatenBy.length > 0 ? [`${named(beatenBy)} ${beatenBy.length === 1 ? 'beats' : 'beat'} ${model}.`] : []),
    ...(undecided.length > 0 ? [`${model} cannot be distinguished from ${named(undecided)} by these events.`] : []),
    ...(beats.length > 0 ? [`${model} beats ${named(beats)}.`] : []),
    `The ${metric} of ${model} is ${figure.toFixed(4)}.`,
  ];
}
