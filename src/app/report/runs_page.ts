/** The report of several runs: their curves over each other, their figures, and the settings that set them apart. */
import { type Manifest, validationUnit } from '../../training/artifact/manifest.ts';
import type { EpochRecord } from '../../training/training_events.ts';
import { counted, escapeHtml, figureText, paragraph, section, soft, table } from './html.ts';
import { type ChartSeries, lineChart, mostSeries } from './line_chart.ts';
import { labelsOf, type NamedRun, runsVerdict } from './runs_verdict.ts';
import { settingFacts } from './settings_section.ts';
import { shell } from './shell.ts';

/** @param unfinished names of runs that have not ended, and are not shown */
export function runsPage(runs: readonly NamedRun[], unfinished: readonly string[] = []): string {
  return shell(`${counted(runs.length, 'run')} of Tower`, [
    `<h1>${escapeHtml(counted(runs.length, 'run'))}</h1>`,
    runsVerdict(runs),
    unfinished.length === 0 ? '' : soft(`Not shown, because they have not finished: ${unfinished.join(', ')}.`),
    measured(runs),
    curvesSection(runs),
    differences(runs),
  ]);
}

function measured(runs: readonly NamedRun[]): string {
  const evaluatedRuns = runs.filter(({ evaluation }) => evaluation);
  if (evaluatedRuns.length === 0) return '';
  const metrics = [...new Set(evaluatedRuns.flatMap(({ evaluation }) => evaluation!.metrics))];
  return section(
    'Evaluation',
    table({
      caption: 'The last evaluation of each run, with 95 % intervals',
      head: ['run', 'part', ...metrics],
      rows: evaluatedRuns.map(({ name, evaluation }) => {
        const { rows, part, per } = evaluation!;
        const [model] = rows;
        return [
          name,
          `${part}, per ${per}`,
          ...metrics.map((label) => {
            const value = model!.all[label];
            const interval = model!.intervals?.[label];
            if (value === undefined) return '–';
            return interval
              ? `${value.toFixed(4)}\n[${interval.low.toFixed(4)}, ${interval.high.toFixed(4)}]`
              : value.toFixed(4);
          }),
        ];
      }),
    }),
    ...(evaluatedRuns.length < runs.length
      ? [soft(`${counted(runs.length - evaluatedRuns.length, 'run')} not evaluated: run \`tower evaluate\`.`)]
      : []),
  );
}

function curvesSection(runs: readonly NamedRun[]): string {
  const shownRuns = runs.slice(0, mostSeries);
  const seriesOf = (value: (record: EpochRecord) => number | undefined): ChartSeries[] =>
    shownRuns.map(({ name, curves }) => ({
      name,
      points: curves.epochs.map((record): [number, number] => [record.epoch, value(record) ?? Number.NaN]),
    }));
  const charts = [
    lineChart({ title: 'Loss by epoch', x: 'epoch', series: seriesOf(({ loss }) => loss) }),
    lineChart({
      title: 'Loss by step',
      x: 'step',
      series: shownRuns.map(({ name, curves }) => ({ name, points: curves.steps.get('loss')?.points ?? [] })),
    }),
    ...labelsOf(shownRuns).map((label) =>
      lineChart({
        title: `${label} on validation`,
        x: 'epoch',
        series: seriesOf(({ validation }) => validation?.[label]),
      }),
    ),
  ].filter((chart) => chart !== '');
  return section(
    'Curves',
    ...(shownRuns.length < runs.length ? [soft(`The charts show the first ${shownRuns.length} runs.`)] : []),
    soft(
      'Losses compare where the runs have the same loss, batch and negatives. Metrics on validation always do on the same data.',
    ),
    `<div class="charts">${charts.join('\n')}</div>`,
  );
}

function differences(runs: readonly NamedRun[]): string {
  const runFacts = runs.map(
    ({ manifest }) =>
      new Map([['model', manifest.plan.model], ['text of the model', textOf(manifest)], ...settingFacts(manifest)]),
  );
  const names = [...new Set(runFacts.flatMap((facts) => [...facts.keys()]))];
  const differingNames = names.filter((name) => new Set(runFacts.map((facts) => facts.get(name))).size > 1);
  const training = runs.map(({ name, manifest: { training, plan }, curves }) => [
    name,
    plan.model,
    String(training.epochs),
    training.steps.toLocaleString('en'),
    training.best ? `${figureText(training.best.value)} in ${validationUnit(plan)} ${training.best.epoch}` : '–',
    `${figureText(curves.epochs.reduce((sum, { milliseconds }) => sum + milliseconds.total + milliseconds.validation, 0) / 1000)} s`,
  ]);
  return section(
    'Settings',
    table({ caption: 'The runs', head: ['run', 'model', 'epochs', 'steps', 'best', 'time'], rows: training }),
    differingNames.length === 0
      ? paragraph('All settings are the same.')
      : table({
          caption: 'Settings that are not the same in all runs',
          head: ['setting', ...runs.map(({ name }) => name)],
          words: true,
          rows: differingNames.map((name) => [name, ...runFacts.map((facts) => facts.get(name) ?? '–')]),
        }),
  );
}

/** Enough of the checksums of its files to see that two texts are not one. */
const textOf = ({ sources, files }: Manifest): string =>
  sources.map((path) => files[path]?.sha256.slice(0, 8) ?? '?').join(' ');
