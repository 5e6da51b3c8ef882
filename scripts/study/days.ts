/** The section of docs/results.md on days of a model in use: what `bench/live_days.ts --out` kept of each set. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Interval } from '../../src/training/evaluation/slices.ts';

export interface DayOfUse {
  /** Number of events that came on the day, which no version had been trained on. */
  readonly events: number;
  /** The version that was trained on from the day before. */
  readonly daily: Interval;
  /** A version that was trained anew on all events up to the day before. */
  readonly whole: Interval;
  /** The latter less the former, over the same draws. */
  readonly difference: Interval;
  readonly popularity: Interval;
  readonly linear: Interval;
  readonly outcome: string;
}

export interface DaysOfUse {
  readonly format: 'tower-days-1';
  readonly set: string;
  /** What a day is in this set. */
  readonly day: string;
  readonly model: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly replay: number;
  readonly metric: string;
  /** Name of the linear baseline. */
  readonly linear: string;
  readonly machine: string;
  readonly days: readonly DayOfUse[];
}

/** All sets that are kept, in the order of their names. */
export function keptDays(folder: string): DaysOfUse[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as DaysOfUse);
}

const four = (value: number): string => value.toFixed(4);
const signed = (value: number): string => `${value > 0 ? '+' : value < 0 ? '−' : ''}${four(Math.abs(value))}`;

export function rowOfDay({ events, daily, whole, difference, popularity, linear }: DayOfUse, day: string): string[] {
  const { mean, low, high } = difference;
  const lead = `${signed(mean)} [${signed(low)}, ${signed(high)}]`;
  const [ofDaily, ofWhole, ofPopularity, ofLinear] = [daily, whole, popularity, linear].map((each) => four(each.mean));
  return [day, events.toLocaleString('en'), ofDaily!, ofWhole!, lead, ofPopularity!, ofLinear!];
}

/** Means over all events. Days share their users, so no interval is stated. */
export function rowOfAll(days: readonly DayOfUse[]): string[] {
  const events = days.reduce((sum, day) => sum + day.events, 0);
  const mean = (of: (day: DayOfUse) => Interval): number =>
    days.reduce((sum, day) => sum + day.events * of(day).mean, 0) / events;
  return [
    ...['all', events.toLocaleString('en'), four(mean(({ daily }) => daily)), four(mean(({ whole }) => whole))],
    signed(mean(({ difference }) => difference)),
    ...[four(mean(({ popularity }) => popularity)), four(mean(({ linear }) => linear))],
  ];
}

export function sectionOfDays(sets: readonly DaysOfUse[]): string {
  return [
    '## Days of a model in use',
    `Each day brings events that nothing was trained on. They judge the version that was trained on from day to day, and one that was trained anew on all events before the day; then both take them. \`bench/live_days.ts\` measures it, and [the guide](guide/daily.md) says what to do with it.`,
    ...sets.map(ofSet),
  ].join('\n\n');
}

function ofSet({ set, day, model, settings, replay, metric, linear, machine, days }: DaysOfUse): string {
  const head = ['day', 'events', 'daily', 'whole', 'whole − daily', 'popularity', linear];
  const rows = [...days.map((each, at) => rowOfDay(each, String(at + 1))), rowOfAll(days)];
  const worse = days.filter(({ difference }) => difference.low > 0).length;
  const better = days.filter(({ difference }) => difference.high < 0).length;
  const given = Object.entries(settings).map(([name, value]) => `\`${name}=${value}\``);
  return [
    `### ${set}, \`${model}\`: ${metric}`,
    [head, head.map((_, at) => (at === 0 ? '---' : '--:')), ...rows]
      .map((cells) => `| ${cells.join(' | ')} |`)
      .join('\n'),
    [
      `${day} Each new event is trained with ${replay} earlier ones${given.length > 0 ? `, and with ${given.join(', ')}` : ''}.`,
      `The daily version is worse than the whole one by more than the interval on ${worse} of ${days.length} days, and better by more than it on ${better}.`,
      `On ${machine}.`,
    ]
      .map((sentence) => `- ${sentence}`)
      .join('\n'),
  ].join('\n\n');
}
