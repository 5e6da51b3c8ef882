/** Writes `report.html` of a study, without a script: the importance of parameters, their values against results, and how the best was found. */
import type { Comparison } from '../../training/evaluation/compare.ts';
import type { Importance } from '../../training/tune/importance.ts';
import { type Dimension, domainWords, valueText } from '../../training/tune/space.ts';
import type { Finalist, Study, Trial } from '../../training/tune/trial.ts';
import { alternative, counted, escapeHtml, figureText, paragraph, section, shell, table } from './html.ts';
import { barChart, chartEdge, chartFigure, chartWidth, lineChart, tenths, ticks } from './line_chart.ts';

export interface StudyParts {
  readonly study: Study;
  readonly trials: readonly Trial[];
  readonly importance: readonly Importance[];
  readonly finalists: readonly Finalist[];
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
  const failedCount = trials.filter(({ state }) => state === 'failed' || state === 'invalid').length;
  const winnerText =
    winner === undefined
      ? 'No trial came to a value on all seeds.'
      : winner === 0
        ? 'No finalist was better than the file as it is written.'
        : `Trial ${winner} won: ${settingsLine(trials[winner]!)}.`;
  return [
    `<h1>Tuning ${escapeHtml(study.model)}</h1>`,
    paragraph(winnerText),
    paragraph(
      `${counted(trials.length, 'trial')}, of which ${failedCount} failed. They were chosen by ${study.sampler} and compared by ${study.metric} on the validation part, at seed ${study.fileSeed}. Trial 0 is the file as it is written.`,
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
  const wholeTrials = trials.filter(({ values }) => values.length > 0);
  let bestValue = Number.NEGATIVE_INFINITY;
  const line = wholeTrials.map(({ number, values }): [number, number] => {
    bestValue = Math.max(bestValue, values.at(-1)!);
    return [number, bestValue];
  });
  const points = wholeTrials.map(({ number, values }): [number, number] => [number, values.at(-1)!]);
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
                name: `trial ${number}: ${valueText(dimension, point[dimension.name]!)}`,
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
    figureText(mean),
    values.map(figureText).join(' · '),
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
  const trialRows = trials.map((trial) => [
    String(trial.number),
    trial.values.length === 0 ? (trial.message ?? '–') : figureText(trial.values.at(-1)!),
    String(trial.validations.length),
    figureText(trial.seconds),
    trial.number === 0 ? 'as written' : settingsLine(trial),
  ]);
  return section(
    'All trials',
    table({
      caption: 'Of each trial what it came to',
      head: ['trial', study.metric, 'validations', 'seconds', 'settings'],
      rows: trialRows,
    }),
  );
}

export const settingsLine = ({ settings }: Pick<Trial, 'settings'>): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');

interface Scatter {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  /** Ends of the range. With `log` the axis is logarithmic. */
  readonly from?: number;
  readonly to?: number;
  readonly log?: true;
  /** Instead of a range: x is the index of a choice. */
  readonly choices?: readonly string[];
  readonly points: readonly { readonly x: number; readonly y: number; readonly name: string }[];
}

const height = 230;

/** Draws a dot for each point, with the same numbers as a table. */
function scatter({ title, x, y, from = 0, to = 1, log, choices, points }: Scatter): string {
  const shown = points.filter((point) => Number.isFinite(point.y));
  if (shown.length === 0) return '';
  const ys = shown.map((point) => point.y);
  const yTicks = ticks(Math.min(...ys), Math.max(...ys));
  const [low, high] = [yTicks[0]!, yTicks.at(-1)! === yTicks[0]! ? yTicks[0]! + 1 : yTicks.at(-1)!];
  const scale = (value: number): number => (log ? Math.log(value) : value);
  const [left, right] = choices ? [-0.5, choices.length - 0.5] : [scale(from), scale(to)];
  const atX = (value: number): number =>
    tenths(chartEdge.left + ((scale(value) - left) / (right - left)) * (chartWidth - chartEdge.left - chartEdge.right));
  const atY = (value: number): number =>
    tenths(height - chartEdge.bottom - ((value - low) / (high - low)) * (height - chartEdge.top - chartEdge.bottom));
  const xTicks = choices
    ? choices.map((text, at) => [at, text.length > 14 ? `${text.slice(0, 13)}…` : text] as const)
    : feetOf(from, to, log === true).map((value) => [value, figureText(value)] as const);
  const labels = xTicks.map(
    ([value, text]) =>
      `<text x="${atX(value)}" y="${height - chartEdge.bottom + 18}" text-anchor="middle">${escapeHtml(text)}</text>`,
  );
  const dots = shown.map(
    (point) =>
      `<circle class="dot s0" cx="${atX(point.x)}" cy="${atY(point.y)}" r="4" fill-opacity=".7"><title>${escapeHtml(point.name)}: ${figureText(point.y)}</title></circle>`,
  );
  const pointRows = shown.map((point) => [point.name, figureText(point.y)]);
  return chartFigure({ title, x, height, yTicks, atY }, labels, [
    ...dots,
    '</svg>',
    alternative({ caption: title, head: [x, y], rows: pointRows }),
  ]);
}

/** Returns values for the axis; on a logarithmic one, its ends and two values between them. */
function feetOf(from: number, to: number, log: boolean): readonly number[] {
  if (!log) return ticks(from, to).filter((value) => value >= from && value <= to);
  return [0, 1, 2, 3].map((part) => Number(Math.exp(Math.log(from) + (part / 3) * Math.log(to / from)).toPrecision(2)));
}
