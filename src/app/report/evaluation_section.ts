/** The sections of a report about its evaluation: the table with its protocol, and the slices that are served worst. */
import type { Evaluation } from '../../training/evaluation/evaluate.ts';
import { coldSlice, type FigureSlice, worst } from '../../training/evaluation/slices.ts';
import { taskTable } from '../../training/evaluation/task_table.ts';
import { barChart } from './bars.ts';
import { counted, figure, paragraph, prose, section, table } from './html.ts';

export function evaluated(evaluation: Evaluation | undefined): string {
  if (!evaluation) {
    return section(
      'Evaluation',
      paragraph('Not evaluated yet: run `tower evaluate` on this folder to add the table and the worst-served slices.'),
    );
  }
  const { metrics, rows, protocol, part, cold, per, tasks = [] } = evaluation;
  const metricCells = (of: Readonly<Record<string, number>>): string[] => metrics.map((label) => of[label]!.toFixed(4));
  return section(
    'Evaluation',
    table({
      caption: `The ${part} part, ${per === 'user' ? 'per user' : 'per event'}: the model and simple baselines, measured in the same way`,
      head: ['ranked by', ...metrics],
      rows: rows.flatMap(({ name, all, warm, cold: ofCold }) => [
        [name, ...metricCells(all)],
        ...(cold.events > 0 ? [[`${name}, warm`, ...metricCells(warm)]] : []),
        ...(ofCold ? [[`${name}, cold`, ...metricCells(ofCold)]] : []),
      ]),
    }),
    ...(tasks.length > 0
      ? [table({ caption: 'Labels of single events, without a ranking', ...taskTable(tasks) })]
      : []),
    `<ul class="soft">${protocol.map((sentence) => `<li>${prose(sentence)}</li>`).join('')}</ul>`,
  );
}

export function slices(evaluation: Evaluation | undefined): string {
  const foundSlices = evaluation?.slices;
  if (!evaluation || !foundSlices) return '';
  const { metrics, rows } = evaluation;
  const label = metrics.find((name) => name.startsWith('recall@')) ?? metrics[0]!;
  const history = foundSlices.historyIs === 'read' ? 'Length of the history read' : 'Training events of the user';
  return section(
    'Worst-served slices',
    sliceFigure('Training events of the item', foundSlices.popularity, metrics, label, rows[0]?.cold === undefined),
    sliceFigure(history, foundSlices.history, metrics, label),
    ...(foundSlices.by
      ? [sliceFigure(`Value of ${foundSlices.by.feature}`, foundSlices.by.slices, metrics, label)]
      : []),
  );
}

function sliceFigure(
  what: string,
  all: readonly FigureSlice[],
  metrics: readonly string[],
  label: string,
  areColdMisses = true,
): string {
  // Items that are misses by definition are no sign of a weak model.
  const worstFigure = worst(
    all.filter(({ name }) => !areColdMisses || name !== coldSlice),
    label,
  );
  const bars = all.map(({ name, events, figures }) => ({
    name,
    value: figures[label]!,
    text: `${figures[label]!.toFixed(4)} · ${counted(events, 'event')}`,
  }));
  return [
    worstFigure
      ? paragraph(
          `${what}: lowest ${label} for ${worstFigure.name}, ${figure(worstFigure.figures[label]!)} over ${counted(worstFigure.events, 'event')}.`,
        )
      : paragraph(`${what}: no two slices have 20 events or more to compare.`),
    barChart(`${label} by ${what.charAt(0).toLowerCase()}${what.slice(1)}`, bars),
    table({
      caption: what,
      head: ['slice', 'events', ...metrics],
      rows: all.map(({ name, events, figures }) => [
        name,
        events.toLocaleString('en'),
        ...metrics.map((each) => figures[each]!.toFixed(4)),
      ]),
    }),
  ].join('\n');
}
