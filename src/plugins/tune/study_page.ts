/** Writes `report.html` of a study, without a script: values of parameters against results, and how the best was found. */
import { join } from 'node:path';
import type { Dimension, Finalist, Tuned } from '../../app/api/tune.ts';
import { type IntervalBar, intervalChart } from '../../app/report/bar_charts.ts';
import {
  counted,
  escapeHtml,
  factList,
  figureText,
  folded,
  foldedSection,
  paragraph,
  section,
  shell,
  table,
  wideSection,
} from '../../app/report/html.ts';
import { lineChart } from '../../app/report/line_chart.ts';
import { scatterChart } from '../../app/report/point_charts.ts';
import { verdictHead } from '../../app/report/verdict.ts';
import { writeTextDurably } from '../../base/storage/durable.ts';
import type { Comparison } from '../../training/evaluation/compare_models.ts';
import { signedIntervalText } from '../../training/evaluation/sentences.ts';
import { domainWords, valueText } from './search_space.ts';
import { settingsLine } from './study_log.ts';

/** What the page shows of a study. `winner`: the number of its trial. */
export type StudyParts = Pick<Tuned, 'study' | 'trials' | 'finalists' | 'validation' | 'test'> & {
  readonly winner?: number;
};

export async function writeStudyReport(tuned: Tuned): Promise<string> {
  const pagePath = join(tuned.folder, 'report.html');
  await writeTextDurably(pagePath, studyPage({ ...tuned, winner: tuned.winner?.trial }));
  return pagePath;
}

export function studyPage(parts: StudyParts): string {
  const { study, trials } = parts;
  return shell(
    { title: `${study.model}: a study of Tower`, kind: 'Report of a study' },
    [`<h1>Tuning ${escapeHtml(study.model)}</h1>`, headOf(parts)].join('\n'),
    [
      history(parts),
      finals(parts),
      parameters(parts),
      compared('On validation, with fresh seeds', parts.validation, study.metric),
      compared('On the test part', parts.test, study.metric),
      trials.length === 0 ? '' : allTrials(parts),
    ],
  );
}

function headOf({ study, trials, winner, finalists }: StudyParts): string {
  const failedCount = trials.filter(({ state }) => state === 'failed' || state === 'invalid').length;
  const [title, tone] =
    winner === undefined
      ? (['No trial came to a value on all seeds', 'open'] as const)
      : winner === 0
        ? (['No finalist was better than the file as it is written', 'fair'] as const)
        : ([`Trial ${winner} won${winnerFigure(finalists, winner, study.metric)}`, 'good'] as const);
  const byMean = finalists.toSorted((a, b) => b.mean - a.mean);
  const means = byMean.map(({ trial, mean, values }): IntervalBar => {
    const interval = { mean, low: Math.min(...values), high: Math.max(...values) };
    const name = trial === 0 ? 'as written' : `trial ${trial}`;
    return { name, value: mean, interval, tone: trial === winner ? 'own' : 'below' };
  });
  const chartTitle = `${study.metric} of the finalists: means over seeds, with the lowest and the highest`;
  const charts = means.length === 0 ? [] : [intervalChart(chartTitle, means)];
  const settings = Object.entries(winner ? trials[winner]!.settings : {}).map(
    ([name, value]) => `\`${name}\` = ${value}`,
  );
  const trialCount = counted(trials.length, 'trial');
  const seedCount = counted(finalists[0]?.values.length ?? 0, 'seed');
  const facts: [string, string][] = [
    ['Trials', `${trialCount}, of which ${failedCount} failed; trial 0 is the file as it is written`],
    ['Chosen by', `${study.sampler}, compared by ${study.metric} on the validation part, at seed ${study.fileSeed}`],
    ['Finalists', finalists.length === 0 ? 'none' : `${finalists.length}, trained again with ${seedCount}`],
  ];
  if (winner) facts.unshift(['Settings', settings.join(', ')]);
  return verdictHead(tone, title, ...charts, factList(facts));
}

/** Returns the figure of the winner next to that of the file as it is written, if both were trained again. */
function winnerFigure(finalists: readonly Finalist[], winner: number, metric: string): string {
  const [best, written] = [winner, 0].map((number) => finalists.find(({ trial }) => trial === number)?.mean);
  if (best === undefined) return '';
  return `: ${metric} ${best.toFixed(4)}${written === undefined ? '' : ` against ${written.toFixed(4)} as written`}`;
}

function history({ trials, study }: StudyParts): string {
  const wholeTrials = trials.filter(({ values }) => values.length > 0);
  if (wholeTrials.length === 0) return '';
  let bestValue = Number.NEGATIVE_INFINITY;
  const line = wholeTrials.map(({ number, values }): [number, number] => {
    bestValue = Math.max(bestValue, values.at(-1)!);
    return [number, bestValue];
  });
  const points = wholeTrials.map(({ number, values }): [number, number] => [number, values.at(-1)!]);
  const series = [
    { name: 'best so far', points: line },
    { name: 'trial', points, isApart: true as const },
  ];
  return section('How the best was found', lineChart({ title: study.metric, x: 'trial', series }));
}

function parameters({ study, trials }: StudyParts): string {
  const charts = study.space.map((dimension) =>
    scatterChart({
      title: `${dimension.name}: ${domainWords(dimension)}`,
      x: dimension.name,
      y: study.metric,
      size: 'third',
      ...scaleOf(dimension),
      points: trials.flatMap(({ number, point, values }) => {
        if (!point || values.length === 0) return [];
        const x = point[dimension.name]!;
        return [{ x, y: values[0]!, name: `trial ${number}: ${valueText(dimension, x)}` }];
      }),
    }),
  );
  if (charts.every((chart) => chart === '')) return '';
  return wideSection(
    'Each parameter',
    paragraph(`A dot is a trial: ${study.metric} at the first rung.`),
    `<div class="charts three">${charts.join('\n')}</div>`,
  );
}

const scaleOf = ({ domain }: Dimension) =>
  domain.kind === 'choices'
    ? { choices: domain.texts }
    : { scale: { domain: [domain.from, domain.to], ...(domain.log ? { type: 'log' as const } : {}) } };

function finals({ finalists, trials, study }: StudyParts): string {
  if (finalists.length === 0) return '';
  const rows = finalists.map(({ trial, mean, values }) => [
    trial === 0 ? '0, as written' : String(trial),
    figureText(mean),
    values.map(figureText).join(' · '),
    settingsLine(trials[trial]!).replaceAll(' ', '\n'),
  ]);
  const head = ['trial', 'mean', 'by seed', 'settings'];
  return section('Finalists', table({ caption: study.metric, head, rows, words: true }));
}

function compared(title: string, comparison: Comparison | undefined, judging: string): string {
  if (!comparison) return '';
  const { metrics, rows: models, protocol, against } = comparison;
  const cell = ({ mean, low, high }: { mean: number; low: number; high: number }): string =>
    `${mean.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}]`;
  const lines = models.map(({ name, figures }) => [name, ...metrics.map((label) => cell(figures[label]!))]);
  const differences = models.flatMap(({ name, differences: intervals }) =>
    intervals ? [[`${name} − ${against}`, ...metrics.map((label) => cell(intervals[label]!))]] : [],
  );
  const rows = [...lines, ...differences];
  const metric = metrics.includes(judging) ? judging : metrics[0]!;
  const bars = models.map(({ name, figures, differences: intervals }): IntervalBar => {
    const interval = figures[metric]!;
    const difference = intervals && cell(intervals[metric]!);
    return { name, value: interval.mean, interval, tone: intervals ? 'own' : 'plain', difference };
  });
  const sentences = models.flatMap(({ name, differences: intervals }) => {
    const lead = intervals?.[metric];
    if (!lead) return [];
    const verdict = lead.low > 0 ? 'it is better' : lead.high < 0 ? 'it is worse' : 'too close to call';
    return [`${name} − ${against}: ${signedIntervalText(lead)}, ${verdict}.`];
  });
  return section(
    title,
    ...sentences.map(paragraph),
    intervalChart(`${metric}: means over seeds, with 95 % intervals`, bars),
    folded(
      'All metrics, and how they were measured',
      table({ caption: 'Means over seeds, with 95 % intervals', head: ['', ...metrics], rows }),
      ...protocol.map(paragraph),
    ),
  );
}

function allTrials({ trials, study }: StudyParts): string {
  const rows = trials.map((trial) => [
    String(trial.number),
    trial.values.length === 0 ? (trial.message ?? '–') : figureText(trial.values.at(-1)!),
    String(trial.validations.length),
    figureText(trial.seconds),
    trial.number === 0 ? 'as written' : settingsLine(trial),
  ]);
  const head = ['trial', study.metric, 'validations', 'seconds', 'settings'];
  return foldedSection('All trials', table({ caption: 'Of each trial what it came to', head, rows, words: true }));
}
