/** The head of a report: in one sentence whether the model beats the baselines, the picture of it, and the facts of the run. */
import type { Lineage } from '../../training/artifact/identity.ts';
import { type Manifest, validationUnit } from '../../training/artifact/run_manifest.ts';
import type { Evaluation } from '../../training/evaluation/evaluate_model.ts';
import { joinNames, signedIntervalText, type Verdict, verdictOf } from '../../training/evaluation/sentences.ts';
import type { EpochRecord } from '../../training/train_options.ts';
import { type IntervalBar, intervalChart } from './bar_charts.ts';
import { counted, escapeHtml, factList, figureText, paragraph, soft } from './html.ts';

export function verdictSection(
  manifest: Manifest,
  evaluation: Evaluation | undefined,
  epochs: readonly EpochRecord[] = [],
): string {
  const facts = factList(runFacts(manifest, epochs));
  const verdict = evaluation && verdictOf(evaluation);
  if (!evaluation || !verdict) {
    const { plan, final } = manifest;
    const missingReason = evaluation
      ? 'No baseline was measured next to the model, so there is nothing to judge it by: run `tower evaluate` without `--baselines none`.'
      : final
        ? `All events were trained, so this run has no test figure of its own. The report of ${final.name}, which chose its settings, has one.`
        : 'This run is not evaluated yet, so the report cannot say whether it is better than a simple ranking. Run `tower evaluate` on its folder.';
    return verdictHead('open', `${plan.model}: no verdict yet`, paragraph(missingReason), facts);
  }
  return verdictHead(toneOf(verdict), headline(verdict), verdictChart(verdict, evaluation), facts);
}

/** Makes the head of a report. `open`: there is no verdict. */
export function verdictHead(tone: VerdictTone, title: string, ...body: readonly string[]): string {
  return `<section class="wide verdict ${tone}" id="verdict"><h2>${escapeHtml(title)}</h2>\n${body.join('\n')}\n</section>`;
}

type VerdictTone = 'good' | 'fair' | 'bad' | 'open';

/** Number of baselines that a headline names. */
const maxNamed = 3;

/** Returns the headline, which is the worst news. */
function headline({ model, metric, beats, beatenBy, undecided }: Verdict): string {
  const contestantCount = beats.length + beatenBy.length + undecided.length;
  if (beatenBy.length > 0) {
    const rivals = beatenBy.toSorted((a, b) => b.figure - a.figure).map(({ name }) => name);
    const hiddenCount = rivals.length - maxNamed;
    const names = hiddenCount > 1 ? [...rivals.slice(0, maxNamed), `${hiddenCount} other baselines`] : rivals;
    return `${joinNames(names)} beat${rivals.length === 1 ? 's' : ''} ${model} in ${metric}`;
  }
  if (undecided.length > 0)
    return `${model} beats ${beats.length} of ${counted(contestantCount, 'baseline')} in ${metric}; ${undecided.length} ${undecided.length === 1 ? 'is' : 'are'} too close to call`;
  return contestantCount === 1
    ? `${model} beats ${beats[0]!.name} in ${metric}`
    : `${model} beats all ${contestantCount} baselines in ${metric}`;
}

const toneOf = ({ beatenBy, undecided }: Verdict): VerdictTone =>
  beatenBy.length > 0 ? 'bad' : undecided.length > 0 ? 'fair' : 'good';

function verdictChart(verdict: Verdict, { rows, part, per }: Evaluation): string {
  const { metric, model } = verdict;
  const tones = new Map<string, IntervalBar['tone']>([
    ...verdict.beats.map(({ name }) => [name, 'below'] as const),
    ...verdict.undecided.map(({ name }) => [name, 'level'] as const),
    ...verdict.beatenBy.map(({ name }) => [name, 'above'] as const),
  ]);
  const bars = rows
    .toSorted((a, b) => b.all[metric]! - a.all[metric]!)
    .map(
      ({ name, all, intervals, lead }): IntervalBar => ({
        name,
        value: all[metric]!,
        tone: name === rows[0]!.name ? 'own' : (tones.get(name) ?? 'level'),
        interval: intervals?.[metric],
        difference: lead?.[metric] ? signedIntervalText(lead[metric]) : '',
      }),
    );
  return intervalChart(
    `${metric} of the ${part} part, a mean over ${per}s, with 95 % intervals`,
    bars,
    toneLegend(model, new Set(tones.values())),
    soft(
      'The verdict rests on the intervals of the differences, which are in the table: two intervals may overlap where the difference is certain.',
    ),
  );
}

const toneSigns = { above: '▲', level: '◆', below: '●' } as const;

function toneLegend(model: string, tones: ReadonlySet<string>): string {
  const words = { above: `beats ${model}`, level: 'too close to call', below: `beaten by ${model}` };
  const entries = (['above', 'level', 'below'] as const)
    .filter((tone) => tones.has(tone))
    .map(
      (tone) =>
        `<li><span class="tone ${tone}" aria-hidden="true">${toneSigns[tone]}</span>${escapeHtml(words[tone])}</li>`,
    );
  return `<ul class="legend">${entries.join('')}</ul>`;
}

const ended: Readonly<Record<Manifest['training']['status'], string>> = {
  epochs: 'to its last epoch',
  patience: 'ended early, as validation no longer improved',
  interrupted: 'was interrupted and can be resumed: the model is unfinished',
  stopped: 'was stopped before its end, and the model was kept as it was',
};

function runFacts(
  { plan, training, data, engine, seed, settings, from, final }: Manifest,
  epochs: readonly EpochRecord[],
): [string, string][] {
  const { best, fit } = training;
  const unit = validationUnit(plan);
  const settingTexts = Object.entries(settings ?? {}).map(([name, value]) => `${name} = ${value}`);
  const milliseconds = epochs.reduce((sum, epoch) => sum + epoch.milliseconds.total + epoch.milliseconds.validation, 0);
  const time = milliseconds > 0 ? ` in ${figureText(Number((milliseconds / 1000).toPrecision(3)))} s` : '';
  const trained = `${counted(training.epochs, unit)}, ${counted(training.steps, 'step')} of ${counted(plan.train.batch, 'row')}${time}; ${ended[training.status]}`;
  const facts: [string, string][] = [
    fit ? ['Fitted', `to all training events at once. ${fit.words}.`] : ['Trained', trained],
  ];
  if (best)
    facts.push([
      'Kept',
      `${unit} ${best.epoch}, with the best ${best.metric} on validation: ${figureText(best.value)}`,
    ]);
  facts.push(
    [
      'Events',
      `${data.train.toLocaleString('en')} for training, ${data.validation.toLocaleString('en')} for validation, ${data.test.toLocaleString('en')} for the test${data.rejected > 0 ? `; ${counted(data.rejected, 'invalid row')} excluded` : ''}`,
    ],
    ['Rows', `${counted(data.items, 'item')}, ${counted(data.users, 'user')}`],
    ['Engine', `${engine.name}, ${engine.version}; seed ${seed}`],
  );
  if (from) facts.push(['Began with', lineageWords(from)]);
  if (final) {
    const source = `${final.name} (${final.checksum.slice(0, 12)})`;
    facts.push(['Chosen by', `${source}: its settings and number of epochs, over all events`]);
  } else if (settingTexts.length > 0) facts.push(['Set by hand', settingTexts.join(', ')]);
  return facts;
}

const lineageWords = ({ name, checksum, runs, steps, events = 0, fresh, replay = 0 }: Lineage): string =>
  `the state of ${name} (${checksum.slice(0, 12)}), after ${counted(runs, 'run')} and ${counted(steps, 'step')}; trained on ${fresh ? counted(events, 'new event') : 'all training events'}${replay > 0 ? `, with ${replay} earlier ones for each of them` : ''}`;
