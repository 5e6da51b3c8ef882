/** Draws the closed days of a model in use: how well each version did on the events that came after its training. One file, without scripts. */
import type { Interval } from '../../training/evaluation/slices.ts';
import { figureText, paragraph, shell, table, wideSection } from './html.ts';
import { lineChart } from './line_chart.ts';
import { verdictHead } from './verdict.ts';

export interface ClosedDay {
  /** The last moment of the events, in ISO 8601 or as a number of the data. */
  readonly until: string | number;
  /** Number of events since the training of the candidate. They judge all versions. */
  readonly events: number;
  /** Number of new events that are earlier than those of the day before. They are trained, and judge nothing. */
  readonly late?: number;
  /** The version that answered, by its folder. */
  readonly version: string;
  readonly metric?: string;
  /** Figures of events that none of these versions was trained on: of the version, the candidate, the version before, the oldest one, and of baselines. */
  readonly figures?: Readonly<Record<string, Interval>>;
  readonly outcome: 'published' | 'refused' | 'waiting' | 'nothing new';
  /** The folder of the new version, which was the candidate. */
  readonly published?: string;
  /** Says that the oldest version ranks better than the one that answers. */
  readonly drift?: string;
  readonly reason?: string;
}

const seriesNames: Readonly<Record<string, string>> = {
  now: 'the version that answered',
  next: 'the candidate',
  before: 'the version before it',
  oldest: 'the oldest version',
};

/** @param days the earliest first */
export function daysPage(days: readonly ClosedDay[]): string {
  const measured = days.filter(({ figures }) => figures !== undefined);
  const names = [...new Set(measured.flatMap(({ figures }) => Object.keys(figures!)))];
  const metric = measured.at(-1)?.metric ?? '';
  const series = names.map((name) => ({
    name: seriesNames[name] ?? name,
    points: measured.flatMap(({ figures }, day) => {
      const figure = figures![name];
      return figure ? [[day + 1, figure.mean] as const] : [];
    }),
  }));
  const lastDay = measured.at(-1);
  return shell(
    { title: 'The days of a model in use', kind: 'Report of a model in use' },
    [
      '<h1>Day after day</h1>',
      verdictHead(
        'open',
        lastDay ? verdictOf(lastDay) : 'No day with new events has been closed yet',
        paragraph(
          'Each day judges the version that answers and the candidate by events that none of them was trained on. A candidate that is not worse is published, and the next one is trained on all events.',
        ),
      ),
    ].join('\n'),
    [
      measured.length === 0 ? '' : wideSection('By day', lineChart({ title: `${metric} by day`, x: 'day', series })),
      days.length === 0 ? '' : wideSection('The days', daysTable(days, names)),
    ],
  );
}

/** Says in a line of text how the version that answered did on a day, and what came of it. */
export function dayText(day: ClosedDay): string {
  const judgement = `Day until ${day.until}: ${changeOf(day)}.`;
  return (day.figures ? `${judgement} ${verdictOf(day)}` : judgement).slice(0, maxTextLength);
}

const maxTextLength = 400;

const changeOf = ({ outcome, published, reason, drift }: ClosedDay): string => {
  const change = published === undefined ? outcome : `${outcome} as ${published}`;
  return [change, reason, drift].filter((part) => part !== undefined).join(': ');
};

function verdictOf({ metric = '', figures = {}, events }: ClosedDay): string {
  const { now, ...others } = figures;
  if (now === undefined) return '';
  const better = Object.entries(others).filter(([, { mean }]) => mean > now.mean);
  const betterNames = better.map(([name]) => seriesNames[name] ?? name);
  const rank = better.length === 0 ? 'above all others' : `below ${betterNames.join(' and ')}`;
  const interval = `${figureText(now.low)} to ${figureText(now.high)}`;
  return `On ${events.toLocaleString('en')} events since the last training ${metric} was ${figureText(now.mean)} (${interval}), ${rank}.`;
}

function daysTable(days: readonly ClosedDay[], names: readonly string[]): string {
  const rows = days.toReversed().map((day) => {
    const { until, events, version, figures } = day;
    const figureCells = names.map((name) => {
      const figure = figures?.[name];
      return figure ? `${figureText(figure.mean)} (${figureText(figure.low)}–${figureText(figure.high)})` : '';
    });
    return [String(until), String(events), version, ...figureCells, changeOf(day)];
  });
  const head = ['until', 'events', 'version', ...names.map((name) => seriesNames[name] ?? name), 'what came of it'];
  return table({ caption: 'The latest day is first', head, rows });
}
