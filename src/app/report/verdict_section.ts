/** The head of a report: whether the model is better than what is next to it, before anything else. */
import type { Manifest } from '../../training/artifact/manifest.ts';
import type { Evaluation, EvaluationRow } from '../../training/evaluation/evaluate.ts';
import { type Verdict, verdictOf, verdictSentences } from '../../training/evaluation/verdict.ts';
import { counted, escapeHtml, paragraph, soft } from './html.ts';
import { type IntervalBar, intervalBars } from './interval_bars.ts';

export function verdictSection({ plan }: Pick<Manifest, 'plan'>, evaluation: Evaluation | undefined): string {
  const verdict = evaluation && verdictOf(evaluation);
  if (!evaluation || !verdict) {
    const missingReason = evaluation
      ? 'No baseline was measured next to the model, so there is nothing to judge it by: run `tower evaluate` without `--baselines none`.'
      : 'This run is not evaluated yet, so the report cannot say whether it is better than a simple ranking. Run `tower evaluate` on its folder.';
    return verdictCard('open', `${plan.model}: no verdict yet`, [missingReason]);
  }
  const sentences = verdictSentences(verdict);
  return verdictCard(toneOf(verdict), headline(verdict), sentences, picture(verdict, evaluation));
}

/** The worst news is the headline. */
function headline({ model, metric, beats, beatenBy, undecided }: Verdict): string {
  const contestantCount = beats.length + beatenBy.length + undecided.length;
  if (beatenBy.length > 0) {
    const bestRival = beatenBy.toSorted((a, b) => b.figure - a.figure)[0]!;
    const otherCount = beatenBy.length - 1;
    return `${bestRival.name}${otherCount > 0 ? ` and ${counted(otherCount, 'other baseline')}` : ''} beat${otherCount > 0 ? '' : 's'} ${model} in ${metric}`;
  }
  if (undecided.length > 0)
    return `${model} beats ${beats.length} of ${counted(contestantCount, 'baseline')} in ${metric}; ${undecided.length} ${undecided.length === 1 ? 'is' : 'are'} too close to call`;
  return contestantCount === 1
    ? `${model} beats ${beats[0]!.name} in ${metric}`
    : `${model} beats all ${contestantCount} baselines in ${metric}`;
}

const toneOf = ({ beatenBy, undecided }: Verdict): VerdictTone =>
  beatenBy.length > 0 ? 'bad' : undecided.length > 0 ? 'fair' : 'good';

type VerdictTone = 'good' | 'fair' | 'bad' | 'open';

/** The head of a report. `open`: nothing is judged. */
export function verdictCard(
  tone: VerdictTone,
  title: string,
  sentences: readonly string[],
  ...body: readonly string[]
): string {
  return `<section class="verdict ${tone}" id="verdict"><h2>${escapeHtml(title)}</h2>\n${sentences.map(paragraph).join('\n')}\n${body.join('\n')}\n</section>`;
}

function picture(verdict: Verdict, { rows, part, per }: Evaluation): string {
  const tones = new Map<string, IntervalBar['tone']>([
    ...verdict.beats.map(({ name }) => [name, 'below'] as const),
    ...verdict.undecided.map(({ name }) => [name, 'level'] as const),
    ...verdict.beatenBy.map(({ name }) => [name, 'above'] as const),
  ]);
  const { metric } = verdict;
  const bars = rows
    .toSorted((a, b) => b.all[metric]! - a.all[metric]!)
    .map(
      (row): IntervalBar => ({
        name: row.name,
        value: row.all[metric]!,
        text: `${row.all[metric]!.toFixed(4)}${leadText(row, metric)}`,
        tone: row === rows[0] ? 'own' : (tones.get(row.name) ?? 'level'),
        ...(row.intervals?.[metric] ? { interval: row.intervals[metric] } : {}),
      }),
    );
  return [
    intervalBars(`${metric} of the ${part} part, a mean over ${per}s, with 95 % intervals`, bars),
    soft(
      'In brackets: the model less this baseline, with the interval of this difference. The verdict rests on the difference, whose draws are the same for both: whiskers may overlap where it is certain.',
    ),
  ].join('\n');
}

function leadText({ lead }: EvaluationRow, metric: string): string {
  const ownFigure = lead?.[metric];
  return ownFigure ? ` (${signed(ownFigure.mean)}: ${signed(ownFigure.low)} to ${signed(ownFigure.high)})` : '';
}

const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;
