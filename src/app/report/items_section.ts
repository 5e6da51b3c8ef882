/** The sections of a report about its items: a map of their vectors, which of them are shown, and how well probabilities are calibrated. */
import type { Evaluation } from '../../training/evaluation/evaluate_model.ts';
import { shownItems } from '../../training/evaluation/exposure.ts';
import type { ItemMap } from '../../training/evaluation/item_map.ts';
import { judgingMetric } from '../../training/evaluation/sentences.ts';
import { barChart } from './bar_charts.ts';
import { figureText, section, soft, wideSection } from './html.ts';
import { mapChart, scatterChart } from './point_charts.ts';

export function mapSection({ map, items }: Partial<Pick<Evaluation, 'map' | 'items'>> = {}): string {
  if (!map || map.points.length === 0) return '';
  const { points, groups, column } = map;
  const groupNames =
    points.length === items
      ? `All ${points.length.toLocaleString('en')} items`
      : `The ${points.length.toLocaleString('en')} items with the most training events`;
  return section(
    'Map of items',
    mapChart(`${groupNames}, coloured by ${column ?? 'their number of training events'}`, points, {
      groups,
      isOrdered: column === undefined,
    }),
    soft(
      `${shareWords(map)}${column !== undefined && groups.length > 1 ? ` Of several values of ${column} an item has the colour of the rarest.` : ''}`,
    ),
  );
}

const shareWords = ({ share }: ItemMap): string =>
  `The plane shows ${(100 * share).toFixed(0)} % of the variance of their directions${share < 0.5 ? ', so items that are near here may be far apart' : ''}. Point at one to read what it is.`;

const [mostMaps, mostOnMap] = [6, 300];

/** Puts the maps of several runs beside each other. Each has axes of its own. */
export function mapsSection(runs: readonly { readonly name: string; readonly evaluation?: Evaluation }[]): string {
  const shown = runs.flatMap(({ name, evaluation }) => (evaluation?.map ? [{ name, map: evaluation.map }] : []));
  const maps = shown.slice(0, mostMaps);
  if (maps.length === 0) return '';
  return wideSection(
    'Maps of items',
    `<div class="charts three">${maps
      .map(({ name, map: { points, groups, column, share } }) =>
        mapChart(
          `${name}: ${(100 * share).toFixed(0)} % of the variance, coloured by ${column ?? 'training events'}`,
          points.filter((_, i) => i % Math.ceil(points.length / mostOnMap) === 0),
          { groups, isOrdered: column === undefined, size: 'third' },
        ),
      )
      .join('\n')}</div>`,
    soft(
      `At most ${mostOnMap} items of each map, which has axes of its own${shown.length > maps.length ? `; maps of the first ${mostMaps} runs` : ''}.`,
    ),
  );
}

export function exposureSection(evaluation: Evaluation | undefined): string {
  const metric = evaluation && judgingMetric(evaluation);
  if (!evaluation || metric === undefined) return '';
  const { rows, held } = evaluation;
  const shown = rows.flatMap(({ name, all, exposure }) => (exposure ? [{ name, figure: all[metric]!, exposure }] : []));
  if (shown.length === 0) return '';
  return section(
    'Coverage and popularity bias',
    scatterChart({
      title: `Accuracy against the share of the corpus that is among the first ${shownItems} of any ranking`,
      x: 'coverage',
      y: metric,
      own: rows[0]!.name,
      points: shown.map(({ name, figure, exposure }) => ({ name, x: exposure.coverage, y: figure })),
    }),
    barChart(
      `Share of the first ${shownItems} outside the head, which has 80 % of the training events`,
      shown
        .toSorted((a, b) => b.exposure.tail - a.exposure.tail)
        .map(({ name, exposure }) => ({
          name,
          value: exposure.tail,
          text: `${(100 * exposure.tail).toFixed(1)} %`,
          isOwn: name === rows[0]!.name,
        })),
      held ? { level: { name: 'held-out items', value: held.tail } } : {},
    ),
    soft(
      `A model with a bar below the dashed line shows popular items more often than users take them. The items that ${rows[0]!.name} shows have ${figureText(shown[0]!.exposure.popularity)} training events on average${held ? `, those that users took ${figureText(held.popularity)}` : ''}.`,
    ),
  );
}

export function calibrationSection({ tasks = [] }: Partial<Pick<Evaluation, 'tasks'>> = {}): string {
  const charts = tasks.flatMap(({ task, label, calibration }) =>
    calibration && calibration.length > 1
      ? [
          scatterChart({
            title: `${task}: predicted probability and observed share of ${label}, by tenths of the events`,
            x: 'predicted',
            y: 'observed',
            size: 'third',
            diagonal: true,
            points: calibration.map(({ predicted, observed, events }) => ({
              x: predicted,
              y: observed,
              name: `${events.toLocaleString('en')} events`,
            })),
          }),
        ]
      : [],
  );
  if (charts.length === 0) return '';
  return section(
    'Calibration',
    `<div class="charts three">${charts.join('\n')}</div>`,
    soft('On the dashed line a predicted probability is the share of events that have the label.'),
  );
}
