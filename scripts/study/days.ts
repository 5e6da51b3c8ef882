/** The section of docs/results.md on days of a model in use: what `bench/live_days.ts --out` kept of each set. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Interval } from '../../src/training/evaluation/slices.ts';

export interface DayOfUse {
  /** Number of events that came on the day, which no version had been trained on. */
  readonly events: number;
  /** The first version, which only has the events in its answers. */
  readonly eventsOnly: Interval;
  /** The version that `tower live` had published. */
  readonly loop: Interval;
  /** A version that was trained anew on all events up to the day before. */
  readonly whole: Interval;
  /** `loop` less `eventsOnly`, over the same draws. */
  readonly difference: Interval;
  readonly popularity: Interval;
  readonly linear: Interval;
  readonly outcome: string;
  /** Seconds of `tower live` on this day. */
  readonly seconds: number;
}

export interface DaysOfUse {
  readonly format: 'tower-days-2';
  readonly set: string;
  /** What a day is in this set. */
  readonly day: string;
  readonly model: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly seed: number;
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

const leadText = ({ mean, low, high }: Interval): string => `${signed(mean)} [${signed(low)}, ${signed(high)}]`;

export function rowOfDay(day: DayOfUse, name: string): string[] {
  const { events, eventsOnly, loop, whole, difference, popularity, linear } = day;
  const [ofEvents, ofLoop, ofWhole, ofPopularity, ofLinear] = [eventsOnly, loop, whole, popularity, linear].map(
    (figure) => four(figure.mean),
  );
  return [
    ...[
      name,
      events.toLocaleString('en'),
      ofEvents!,
      ofLoop!,
      leadText(difference),
      ofWhole!,
      ofPopularity!,
      ofLinear!,
    ],
    day.outcome,
  ];
}

/** Means over all events. The interval takes days as independent of each other, although they share some users. */
export function rowOfAll(days: readonly DayOfUse[]): string[] {
  const events = days.reduce((sum, day) => sum + day.events, 0);
  const meanOf = (of: (day: DayOfUse) => number): number =>
    days.reduce((sum, day) => sum + day.events * of(day), 0) / events;
  const [below, above] = (['low', 'high'] as const).map((side) =>
    Math.hypot(...days.map(({ events: ofDay, difference }) => (ofDay / events) * (difference[side] - difference.mean))),
  );
  const mean = meanOf(({ difference }) => difference.mean);
  const cells = (['popularity', 'linear'] as const).map((name) => four(meanOf((day) => day[name].mean)));
  return [
    ...[
      'all',
      events.toLocaleString('en'),
      four(meanOf((day) => day.eventsOnly.mean)),
      four(meanOf((day) => day.loop.mean)),
    ],
    ...[
      leadText({ mean, low: mean - below!, high: mean + above! }),
      four(meanOf((day) => day.whole.mean)),
      ...cells,
      '',
    ],
  ];
}

export function sectionOfDays(sets: readonly DaysOfUse[]): string {
  return [
    '## Days of a model in use',
    `Each day brings events that nothing was trained on. They judge the first version, which only has them in its answers, the version that \`tower live\` had published, and one that was trained anew on all events before the day. \`bench/live_days.ts\` measures it, and [the guide](guide/daily.md) says what to do with it.`,
    ...sets.map(ofSet),
  ].join('\n\n');
}

function ofSet({ set, day, model, settings, seed, metric, linear, machine, days }: DaysOfUse): string {
  const head = ['day', 'events', 'events only', 'loop', 'loop − events only', 'whole', 'popularity', linear, 'outcome'];
  const rows = [...days.map((ofDay, index) => rowOfDay(ofDay, String(index + 1))), rowOfAll(days)];
  const worse = days.filter(({ difference }) => difference.high < 0).length;
  const better = days.filter(({ difference }) => difference.low > 0).length;
  const given = Object.entries(settings).map(([name, value]) => `\`${name}=${value}\``);
  const seconds = days.reduce((sum, ofDay) => sum + ofDay.seconds, 0) / days.length;
  return [
    `### ${set}, \`${model}\`, seed ${seed}: ${metric}`,
    [head, head.map((_, index) => (index === 0 || index === head.length - 1 ? '---' : '--:')), ...rows]
      .map((cells) => `| ${cells.join(' | ')} |`)
      .join('\n'),
    [
      `${day}${given.length > 0 ? ` Trained with ${given.join(', ')}.` : ''}`,
      `The loop is worse than events only by more than the interval on ${worse} of ${days.length} days, and better by more than it on ${better}. \`tower live\` took ${seconds.toFixed(0)} s a day.`,
      `On ${machine}.`,
    ]
      .map((sentence) => `- ${sentence}`)
      .join('\n'),
  ].join('\n\n');
}
