/** The sections of a report about its evaluation: the slices that are served worst, examples, and all figures with their protocol. */
import type { Evaluation, ExampleItem, RankingExample } from '../../training/evaluation/evaluate_model.ts';
import { isOfAccuracy } from '../../training/evaluation/figures.ts';
import { judgingMetric } from '../../training/evaluation/sentences.ts';
import { coldSlice, type FigureSlice, worstSlice } from '../../training/evaluation/slices.ts';
import { taskTable } from '../../training/evaluation/task_figures.ts';
import { barChart } from './bar_charts.ts';
import {
  counted,
  escapeHtml,
  figureText,
  folded,
  foldedSection,
  paragraph,
  proseHtml,
  soft,
  table,
  wideSection,
} from './html.ts';
import { evaluationRows } from './stored_evaluation.ts';

/** All figures with the protocol; of a run that is not evaluated nothing, because its head says so. */
export function figuresSection(evaluation: Evaluation | undefined): string {
  if (!evaluation) return '';
  const { metrics, protocol, part, per, tasks = [] } = evaluation;
  return foldedSection(
    'All figures, and how they were measured',
    table({
      caption: `The ${part} part, ${per === 'user' ? 'per user' : 'per event'}: the model and baselines, measured in the same way`,
      head: ['ranked by', ...metrics],
      rows: evaluationRows(evaluation),
    }),
    ...(tasks.length > 0
      ? [table({ caption: 'Labels of single events, without a ranking', ...taskTable(tasks) })]
      : []),
    `<ul class="soft">${protocol.map((sentence) => `<li>${proseHtml(sentence)}</li>`).join('')}</ul>`,
  );
}

export function slicesSection(evaluation: Evaluation | undefined): string {
  const foundSlices = evaluation?.slices;
  if (!evaluation || !foundSlices) return '';
  const { metrics, rows } = evaluation;
  const label = judgingMetric(evaluation) ?? metrics.find(isOfAccuracy);
  if (label === undefined) return '';
  const areColdMisses = rows[0]?.cold === undefined;
  const history = foundSlices.historyIs === 'read' ? 'Length of the history read' : 'Training events of the user';
  const charts: [what: string, all: readonly FigureSlice[]][] = [
    // Items that are misses by definition do not show a weak model.
    ['Training events of the item', foundSlices.popularity.filter(({ name }) => !areColdMisses || name !== coldSlice)],
    [history, foundSlices.history],
    ...(foundSlices.by
      ? [[`Value of ${foundSlices.by.feature}`, foundSlices.by.slices] as [string, FigureSlice[]]]
      : []),
  ];
  const axisEnd = Math.max(...charts.flatMap(([, slices]) => slices.map(({ figures }) => figures[label]!)));
  const mean = rows[0]!.all[label]!;
  return wideSection(
    'Who is served worst',
    paragraph(
      `${label} of the model for parts of the events, on one axis; the dashed line is its figure over all of them. Beside a bar are its figure and the number of its events.`,
    ),
    `<div class="charts three">${charts.map(([what, all]) => sliceChart(what, all, { label, scaleEnd: axisEnd, mean })).join('\n')}</div>`,
    folded(
      'All metrics of each slice',
      ...[['Training events of the item', foundSlices.popularity] as const, ...charts.slice(1)].map(([what, all]) =>
        table({
          caption: what,
          head: ['slice', 'events', ...metrics],
          rows: all.map(({ name, events, figures }) => [
            name,
            events.toLocaleString('en'),
            ...metrics.map((metric) => figures[metric]!.toFixed(4)),
          ]),
        }),
      ),
    ),
  );
}

function sliceChart(
  what: string,
  slices: readonly FigureSlice[],
  { label, scaleEnd, mean }: { readonly label: string; readonly scaleEnd: number; readonly mean: number },
): string {
  const lowest = worstSlice(slices, label);
  const bars = slices.map(({ name, events, figures }) => ({
    name,
    value: figures[label]!,
    text: `${figures[label]!.toFixed(3)} of ${events.toLocaleString('en')}`,
  }));
  return [
    '<div>',
    barChart(what, bars, { size: 'third', full: scaleEnd, level: { name: '', value: mean } }),
    soft(
      lowest
        ? `Lowest for ${lowest.name}: ${figureText(lowest.figures[label]!)} over ${counted(lowest.events, 'event')}.`
        : 'No two slices have 20 events or more to compare.',
    ),
    '</div>',
  ].join('\n');
}

/** Shows ten users: their histories, their held-out items, and the first items of the model. */
export function examplesSection(evaluation: Evaluation | undefined, hasTimes: boolean): string {
  const examples = evaluation?.examples ?? [];
  if (!evaluation || examples.length === 0) return '';
  const hits = examples.filter(({ answers }) => answers.some(({ isHeld }) => isHeld)).length;
  return wideSection(
    'Examples',
    paragraph(
      `${counted(examples.length, 'user')} of the ${evaluation.part} part, drawn by chance and the same for every run on this data. ${hits} of them ${hits === 1 ? 'has' : 'have'} a held-out item among the first ${Math.max(...examples.map(({ answers }) => answers.length))}, marked ✓.`,
    ),
    cards(examples.slice(0, shownFirst), hasTimes),
    ...(examples.length > shownFirst
      ? [folded(counted(examples.length - shownFirst, 'more user'), cards(examples.slice(shownFirst), hasTimes))]
      : []),
  );
}

/** Number of examples that are open at first. A page of ten histories is long on a phone. */
const shownFirst = 3;

const cards = (examples: readonly RankingExample[], hasTimes: boolean): string =>
  `<div class="examples">${examples.map((example, index) => exampleCard(example, index, hasTimes)).join('\n')}</div>`;

function exampleCard({ user, history, had, held, answers }: RankingExample, index: number, hasTimes: boolean): string {
  const queryName = user === undefined ? `query ${index + 1}` : `user ${user}`;
  const hiddenHistory = had - history.length;
  return [
    `<article><h3><bdi>${escapeHtml(queryName)}</bdi></h3>`,
    list(hasTimes ? 'had, the latest first' : 'had', 'ul', [
      ...history.map(itemText),
      ...(hiddenHistory > 0 ? [`and ${counted(hiddenHistory, hasTimes ? 'earlier item' : 'other item')}`] : []),
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
  const items = lines.map(
    (line, index) => `<li${marked[index] ? ' class="hit"' : ''}><bdi>${escapeHtml(line)}</bdi></li>`,
  );
  return `<h4>${escapeHtml(title)}</h4><${tag}>${items.join('')}</${tag}>`;
}
