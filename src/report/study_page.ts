/** `report.html` of a study: what mattered, each parameter against what trials came to, and how the best was found. No script. */
import type { Comparison } from '../evaluation/compare.ts';
import type { Importance } from '../tune/importance.ts';
import { type Dimension, domainWords, textOf } from '../tune/space.ts';
import type { Study, Trial } from '../tune/trial.ts';
import type { Finalist } from '../tune/trials.ts';
import { barChart } from './bars.ts';
import { counted, escapeHtml, figure, paragraph, section, table } from './html.ts';
import { lineChart } from './line_chart.ts';
import { scatter } from './scatter.ts';
import { shell } from './shell.ts';

export interface StudyParts {
  readonly study: Study;
  readonly trials: readonly Trial[];
  readonly importance: readonly Importance[];
  readonly finalists: readonly Finalist[];
  /** Trial of the winner. */
  readonly winner?: number;
  readonly validation?: Comparison;
  readonly test?: Comparison;
}

export function studyPage(parts: StudyParts): string {
  const { study } = parts;
  return shell(`${study.model}: a study of Tower`, [
    summary(parts),
    mattered(parts),
    history(parts),
    parameters(parts),
    finals(parts),
    compared('On validation, with fresh seeds', parts.validation),
    compared('On the test part', parts.test),
    allTrials(parts),
  ]);
}

function summary({ study, trials, winner }: StudyParts): string {
  const failed = trials.filter(({ state }) => state === 'failed' || state === 'invalid').length;
  const won =
    winner === undefined
      ? 'No trial came to a value on all seeds.'
      : winner === 0
        ? 'No finalist was better than the file as it is written.'
        : `Trial ${winner} won: ${settingsLine(trials[winner]!)}.`;
  return [
    `<h1>Tuning ${escapeHtml(study.model)}</h1>`,
    paragraph(won),
    paragraph(
      `${counted(trials.length, 'trial')}, of which ${failed} failed. They were chosen by ${study.sampler} and compared by ${study.metric} on the validation part, at seed ${study.fileSeed}. Trial 0 is the file as it is written.`,
    ),
  ].join('\n');
}

function mattered({ importance }: StudyParts): string {
  if (importance.length === 0) return '';
  const bars = importance.map(({ name, share }) => ({ name, value: share, text: `${(100 * share).toFixed(0)} %` }));
  return section(
    'What mattered',
    paragraph(
      'The share of the variance that each parameter explains by itself at the first rung, where all trials are trained alike: functional ANOVA over a forest of trees. The rest lies in combinations and in noise.',
    ),
    barChart('Share of the variance', bars),
  );
}

function history({ trials, study }: StudyParts): string {
  const whole = trials.filter(({ values }) => values.length > 0);
  let best = Number.NEGATIVE_INFINITY;
  const line = whole.map(({ number, values }): [number, number] => {
    best = Math.max(best, values.at(-1)!);
    return [number, best];
  });
  const points = whole.map(({ number, values }): [number, number] => [number, values.at(-1)!]);
  const series = [
    { name: 'best so far', points: line },
    { name: 'trial', points },
  ];
  return section('How the best was found', lineChart({ title: study.metric, x: 'trial', series }));
}

function parameters({ study, trials }: StudyParts): string {
  const charts = study.space.map((dimension) =>
    scatter({
      title: `${dimension.name}: ${domainWords(dimension)}`,
      x: dimension.name,
      y: study.metric,
      ...scaleOf(dimension),
      points: trials.flatMap(({ number, point, values }) =>
        point && values.length > 0
          ? [
              {
                x: point[dimension.name]!,
                y: values[0]!,
                name: `trial ${number}: ${textOf(dimension, point[dimension.name]!)}`,
              },
            ]
          : [],
      ),
    }),
  );
  return section(
    'Each parameter',
    paragraph(`A dot is a trial: ${study.metric} at the first rung.`),
    `<div class="charts">${charts.join('\n')}</div>`,
  );
}

const scaleOf = ({ domain }: Dimension) =>
  domain.kind === 'choices'
    ? { choices: domain.texts }
    : { from: domain.from, to: domain.to, ...(domain.log ? { log: true as const } : {}) };

function finals({ finalists, trials, study }: StudyParts): string {
  if (finalists.length === 0) return '';
  const rows = finalists.map(({ trial, mean, values }) => [
    trial === 0 ? '0, as written' : String(trial),
    figure(mean),
    values.map(figure).join(' · '),
    settingsLine(trials[trial]!),
  ]);
  return section('Finalists', table({ caption: study.metric, head: ['trial', 'mean', 'by seed', 'settings'], rows }));
}

function compared(title: string, comparison: Comparison | undefined): string {
  if (!comparison) return '';
  const { metrics, rows, protocol, against } = comparison;
  const cell = ({ mean, low, high }: { mean: number; low: number; high: number }): string =>
    `${mean.toFixed(4)} [${low.toFixed(4)}, ${high.toFixed(4)}]`;
  const lines = rows.map(({ name, figures }) => [name, ...metrics.map((label) => cell(figures[label]!))]);
  const differences = rows.flatMap(({ name, differences: found }) =>
    found ? [[`${name} − ${against}`, ...metrics.map((label) => cell(found[label]!))]] : [],
  );
  return section(
    title,
    table({
      caption: 'Means over seeds, with 95 % intervals',
      head: ['', ...metrics],
      rows: [...lines, ...differences],
    }),
    ...protocol.map(paragraph),
  );
}

function allTrials({ trials, study }: StudyParts): string {
  const rows = trials.map((trial) => [
    String(trial.number),
    trial.values.length === 0 ? (trial.message ?? '–') : figure(trial.values.at(-1)!),
    String(trial.validations.length),
    figure(trial.seconds),
    trial.number === 0 ? 'as written' : settingsLine(trial),
  ]);
  return section(
    'All trials',
    table({
      caption: 'Of each trial what it came to',
      head: ['trial', study.metric, 'validations', 'seconds', 'settings'],
      rows,
    }),
  );
}

const settingsLine = ({ settings }: Trial): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
