/** Which events are new to a run that goes on from an earlier one: `--since`, `--all`, or those after the last one that it had. */
import { failure } from '../../base/diagnostics/failure.ts';
import type { DataDescription } from '../../compiler/model/model.ts';
import { type Fresh, maybeSeconds, type Until } from '../../data/rows/fresh.ts';

/** Absent: those after the last one. */
export type SinceRequest = 'all' | Since | undefined;

interface Since {
  readonly time: number;
  /** True for a date, so that `time` is seconds. Else it is in the unit of the data. */
  readonly isDate: boolean;
  readonly text: string;
}

/** @throws Failure `since-unreadable` */
export function sinceAsked(since: string | number | undefined): Since | undefined {
  if (since === undefined) return undefined;
  const text = String(since);
  const isDate = typeof since === 'string' && !/^-?[\d.]+(e\d+)?$/i.test(since);
  const time = isDate ? secondsOf(text) : Number(text);
  if (!Number.isFinite(time)) throw failure('since-unreadable', { text });
  return { time, isDate, text };
}

/** ISO 8601; UTC where the text does not say otherwise. */
function secondsOf(text: string): number {
  if (!/^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/.test(text)) return Number.NaN;
  const day = text.slice(0, 10);
  // Else the 30th of February is the 1st of March.
  const date = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== day) return Number.NaN;
  const isZoned = text.length === 10 || /(Z|[+-]\d\d:?\d\d)$/.test(text.slice(10));
  return Date.parse(isZoned ? text : `${text.replace(' ', 'T')}Z`) / 1000;
}

/**
 * @param before the earlier run, and the last event that it had
 * @returns undefined: all events
 * @throws Failure `from-no-time`, `time-not-seconds`
 */
export function freshOf(
  asked: SinceRequest,
  { folder, until }: { readonly folder: string; readonly until: Until | undefined },
  { name, time }: Pick<DataDescription, 'name' | 'time'>,
): Fresh | undefined {
  if (asked === 'all') return undefined;
  if (time === undefined) throw failure('from-no-time', { folder, what: `the data block \`${name}\` has no \`time\`` });
  if (asked === undefined) {
    if (until) return { after: until };
    throw failure('from-no-time', { folder, what: `the run in ${folder} does not say when its last event was` });
  }
  if (asked.isDate && until && !maybeSeconds(until.time)) {
    const what = `\`--since ${asked.text}\``;
    throw failure('time-not-seconds', { what, time: until.time, isSince: true }, time.span);
  }
  return { since: asked.time };
}
