/** The sections of a report about its evaluation: the table with its protocol, and the slices that are served worst. */
import type { Evaluation, ExampleItem, RankingExample } from '../../training/evaluation/evaluate.ts';
import { coldSlice, type FigureSlice, worst } from '../../training/evaluation/slices.ts';
import { taskTable } from '../../training/evaluation/task_figures.ts';
import { counted, escapeHtml, figureText, paragraph, proseHtml, section, table } from './html.ts';
import { barChart } from './line_chart.ts';

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
    `<ul class="soft">${protocol.map((sentence) => `<li>${proseHtml(sentence)}</li>`).join('')}</ul>`,
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
          `${what}: lowest ${label} for ${worstFigure.name}, ${figureText(worstFigure.figures[label]!)} over ${counted(worstFigure.events, 'event')}.`,
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

/** Ten users: what each had, what each held out, what the model puts first. */
export function examplesSection(evaluation: Evaluation | undefined): string {
  const examples = evaluation?.examples ?? [];
  if (!evaluation || examples.length === 0) return '';
  const hits = examples.filter(({ answers }) => answers.some(({ isHeld }) => isHeld)).length;
  return section(
    'Example users',
    paragraph(
      `${counted(examples.length, 'user')} of the ${evaluation.part} part, drawn by chance and the same for every run on this data. ${hits} of them ${hits === 1 ? 'has' : 'have'} a held-out item among the first ${Math.max(...examples.map(({ answers }) => answers.length))}, marked ✓.`,
    ),
    cards(examples.slice(0, shownFirst)),
    ...(examples.length > shownFirst
      ? [
          `<details><summary>${counted(examples.length - shownFirst, 'more user')}</summary>${cards(examples.slice(shownFirst))}</details>`,
        ]
      : []),
  );
}

/** The others open: a page of ten histories is long on a phone. */
const shownFirst = 3;

const cards = (examples: readonly RankingExample[]): string =>
  `<div class="examples">${examples.map(exampleCard).join('\n')}</div>`;

function exampleCard({ user, history, had, held, answers }: RankingExample, at: number): string {
  const name = user === undefined ? `query ${at + 1}` : `user ${user}`;
  const hiddenHistory = had - history.length;
  return [
    `<article><h3><bdi>${escapeHtml(name)}</bdi></h3>`,
    list('had, the latest first', 'ul', [
      ...history.map(itemText),
      ...(hiddenHistory > 0 ? [`and ${counted(hiddenHistory, 'earlier item')}`] : []),
    ]),
    list(
      'held out',
      'ul',
      held.map(
        (item) =>
          `${itemText(item)}${item.rank === undefined ? ', not ranked' : `, rank ${item.rank.toLocaleString('en')}`}`,
      ),
    ),
    list(
      'the model puts first',
      'ol',
      answers.map((item) => `${item.isHeld ? '✓ ' : ''}${itemText(item)}`),
      answers.map(({ isHeld }) => isHeld),
    ),
    '</article>',
  ].join('\n');
}

const itemText = ({ key, title }: ExampleItem): string => title ?? key;

function list(title: string, tag: 'ul' | 'ol', lines: readonly string[], marked: readonly boolean[] = []): string {
  if (lines.length === 0) return `<h4>${escapeHtml(title)}</h4><p class="soft">nothing</p>`;
  const items = lines.map((line, at) => `<li${marked[at] ? ' class="hit"' : ''}><bdi>${escapeHtml(line)}</bdi></li>`);
  return `<h4>${escapeHtml(title)}</h4><${tag}>${items.join('')}</${tag}>`;
}
