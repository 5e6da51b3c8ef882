/** The sections of a report about its evaluation: the table with its protocol, and the slices that are served worst. */
import { join } from 'node:path';
import { failure } from '../../base/diagnostics/failure.ts';
import { writeTextDurably } from '../../base/storage/durable.ts';
import { readJsonFile } from '../../base/storage/run_files.ts';
import { evaluationFile, type Manifest } from '../../training/artifact/manifest.ts';
import { refuseUnlessValid } from '../../training/artifact/validate.ts';
import type { Evaluation, ExampleItem, RankingExample } from '../../training/evaluation/evaluate.ts';
import { isOfAccuracy } from '../../training/evaluation/figures.ts';
import { coldSlice, type FigureSlice, worst } from '../../training/evaluation/slices.ts';
import { taskTable } from '../../training/evaluation/task_figures.ts';
import { type Profile, profileFile } from '../../training/profile/profile.ts';
import { counted, escapeHtml, figureText, paragraph, proseHtml, section, table } from './html.ts';
import { barChart } from './line_chart.ts';

export function evaluated(evaluation: Evaluation | undefined): string {
  if (!evaluation) {
    return section(
      'Evaluation',
      paragraph('Not evaluated yet: run `tower evaluate` on this folder to add the table and the worst-served slices.'),
    );
  }
  const { metrics, protocol, part, per, tasks = [] } = evaluation;
  return section(
    'Evaluation',
    table({
      caption: `The ${part} part, ${per === 'user' ? 'per user' : 'per event'}: the model and simple baselines, measured in the same way`,
      head: ['ranked by', ...metrics],
      rows: evaluationRows(evaluation),
    }),
    ...(tasks.length > 0
      ? [table({ caption: 'Labels of single events, without a ranking', ...taskTable(tasks) })]
      : []),
    `<ul class="soft">${protocol.map((sentence) => `<li>${proseHtml(sentence)}</li>`).join('')}</ul>`,
  );
}

/** Returns the figures of the model and of each baseline, also for warm and cold items if there are cold ones. */
export function evaluationRows({ metrics, rows, cold }: Evaluation): string[][] {
  const metricCells = (of: Readonly<Record<string, number>>): string[] => metrics.map((label) => of[label]!.toFixed(4));
  return rows.flatMap(({ name, all, warm, cold: ofCold }) => [
    [name, ...metricCells(all)],
    ...(cold.events > 0 ? [[`${name}, warm`, ...metricCells(warm)]] : []),
    ...(ofCold ? [[`${name}, cold`, ...metricCells(ofCold)]] : []),
  ]);
}

export function slices(evaluation: Evaluation | undefined): string {
  const foundSlices = evaluation?.slices;
  if (!evaluation || !foundSlices) return '';
  const { metrics, rows } = evaluation;
  const label = metrics.find((name) => name.startsWith('recall@')) ?? metrics.find(isOfAccuracy);
  if (label === undefined) return '';
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
  // Items that are misses by definition do not show a weak model.
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

/** Shows ten users: their histories, their held-out items, and the first items of the model. */
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

/** Number of examples that are open at first. A page of ten histories is long on a phone. */
const shownFirst = 3;

const cards = (examples: readonly RankingExample[]): string =>
  `<div class="examples">${examples.map(exampleCard).join('\n')}</div>`;

function exampleCard({ user, history, had, held, answers }: RankingExample, at: number): string {
  const queryName = user === undefined ? `query ${at + 1}` : `user ${user}`;
  const hiddenHistory = had - history.length;
  return [
    `<article><h3><bdi>${escapeHtml(queryName)}</bdi></h3>`,
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

/** Format of `evaluation.json`: the results of a run's last evaluation, for a new report. It is validated like a file of a stranger. */
const format = 'tower-evaluation-1';

interface StoredEvaluation {
  readonly of: string;
  readonly evaluation: Evaluation;
}

export const writeEvaluation = (folder: string, { checksum }: Manifest, evaluation: Evaluation): Promise<void> =>
  writeTextDurably(
    join(folder, evaluationFile),
    `${JSON.stringify({ format, of: checksum, evaluation }, undefined, 1)}\n`,
  );

/** Returns undefined if the run was not evaluated, or was trained further since. @throws Failure `damaged-file`, `cannot-read` */
export async function readEvaluation(folder: string, { checksum }: Manifest): Promise<Evaluation | undefined> {
  const storedValue = await readJsonFile(folder, evaluationFile);
  if (storedValue === undefined) return undefined;
  const filePath = join(folder, evaluationFile);
  await refuseUnlessValid('evaluation', storedValue, filePath);
  const { of, evaluation } = storedValue as StoredEvaluation;
  const damageReason = complaintOf(evaluation);
  if (damageReason !== undefined) throw failure('damaged-file', { path: filePath, reason: damageReason });
  return of === checksum ? evaluation : undefined;
}

/** Checks what a schema cannot require: that each metric has a figure everywhere. */
function complaintOf({ metrics, rows, slices }: Evaluation): string | undefined {
  const allFigures = [
    ...rows.flatMap((row) => [row.all, row.warm, ...(row.cold ? [row.cold] : [])]),
    ...[...slices.popularity, ...slices.history, ...(slices.by?.slices ?? [])].map(({ figures }) => figures),
  ];
  const missingMetric = metrics.find((label) => allFigures.some((figures) => !Object.hasOwn(figures, label)));
  return missingMetric === undefined ? undefined : `a figure of ${JSON.stringify(missingMetric)} is missing`;
}

/** Returns undefined if the run was not profiled. @throws Failure `damaged-file`, `cannot-read` */
export async function readProfile(folder: string): Promise<Profile | undefined> {
  const storedValue = await readJsonFile(folder, profileFile);
  if (storedValue === undefined) return undefined;
  await refuseUnlessValid('profile', storedValue, join(folder, profileFile));
  return storedValue as Profile;
}
