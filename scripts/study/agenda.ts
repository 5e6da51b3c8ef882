/** What is to be measured, in which order, and about how long it takes. */
import type { Decides, Row } from './rows.ts';

/** A line that a table should have. */
export interface Wanted {
  readonly set: string;
  readonly name: string;
  readonly seed?: number;
  readonly decides: Decides;
  /** Seconds, for a line whose like was never measured. */
  readonly guess: number;
}

export type Standing = 'current' | 'missing' | 'changed' | 'earlier code';

/** A kept row is of another thing where the model or the data changed; where only the code did, it is shown, and measured again last. */
export function standingOf({ decides }: Wanted, row: Row | undefined): Standing {
  if (row === undefined) return 'missing';
  if (row.decides.model !== decides.model || row.decides.data !== decides.data) return 'changed';
  return row.decides.code === decides.code ? 'current' : 'earlier code';
}

export const isOf = (wanted: Pick<Wanted, 'set' | 'name' | 'seed'>, row: Row): boolean =>
  row.set === wanted.set && row.name === wanted.name && row.seed === wanted.seed;

export interface Work extends Wanted {
  readonly standing: Standing;
  /** About how many seconds it takes: as its like took before, else the guess. */
  readonly seconds: number;
  readonly isGuess: boolean;
}

/** Baselines first, then all models with their first seed: so that what a sitting leaves behind can be read. */
export function agendaOf(wanted: readonly Wanted[], rows: readonly Row[], keepsEarlierCode: boolean): Work[] {
  const work = wanted.flatMap((each): Work[] => {
    const standing = standingOf(
      each,
      rows.find((row) => isOf(each, row)),
    );
    if (standing === 'current' || (keepsEarlierCode && standing === 'earlier code')) return [];
    const like = rows.filter(({ set, name }) => set === each.set && name === each.name);
    const seconds = like.length === 0 ? each.guess : Math.max(...like.map((row) => row.seconds));
    return [{ ...each, standing, seconds, isGuess: like.length === 0 }];
  });
  const last = (each: Work): number => Number(each.standing === 'earlier code');
  return work.sort((a, b) => last(a) - last(b) || (a.seed ?? 0) - (b.seed ?? 0));
}

/** In lines: how much there is to do. */
export function costOf(work: readonly Work[]): string[] {
  if (work.length === 0) return ['nothing is to be measured: every line is there, from this code'];
  const counts = (['missing', 'changed', 'earlier code'] as const).flatMap((standing) => {
    const count = work.filter((each) => each.standing === standing).length;
    return count === 0 ? [] : [`${count} ${words[standing]}`];
  });
  const sets = [...new Set(work.map(({ set }) => set))].map((set) => {
    const own = work.filter((each) => each.set === set);
    return `  ${set}: ${own.length} line${own.length === 1 ? '' : 's'}, about ${hours(sum(own))}${own.some(({ isGuess }) => isGuess) ? ', partly a guess' : ''}`;
  });
  const lines = work.length === 1 ? '1 line is' : `${work.length} lines are`;
  return [`${lines} to be measured (${counts.join(', ')}): about ${hours(sum(work))}`, ...sets];
}

const words = { missing: 'missing', changed: 'of another model or data', 'earlier code': 'from earlier code' };

const sum = (work: readonly Work[]): number => work.reduce((total, { seconds }) => total + seconds, 0);

/** `40 s`, `12 min`, `3.5 h` */
export function hours(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** Seconds of `90s`, `30m` or `2h`; undefined for anything else. */
export function secondsOf(text: string): number | undefined {
  const [, count, unit] = /^(\d+(?:\.\d+)?)([smh])$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * { s: 1, m: 60, h: 3600 }[unit as 's' | 'm' | 'h'];
}
