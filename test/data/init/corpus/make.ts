/** What a corpus of folders is written with: a folder and what is right for it, and draws that are the same in each run. */
import { makeRandom } from '../../../../src/base/random/random.ts';

/** A column that is right, or several that are as good; `undefined` says that there is none. */
type Right = string | undefined | readonly (string | undefined)[];

/** The project that a person who knows the files would write. */
export interface RightProject {
  readonly events: Right;
  readonly user: Right;
  readonly item: Right;
  readonly time: Right;
  /** Names of the files whose columns describe users and items; of a file on the way to them, too. */
  readonly joined?: readonly string[];
  /** Labels that have to be there, in any order. Absent: any. */
  readonly labels?: readonly string[];
  /** Columns that no feature may read: an outcome, or a key of something else. */
  readonly unread?: readonly string[];
  /** Questions without which nobody can know. `--yes` has to end with one of them. */
  readonly asks?: readonly string[];
  /** Answers of a person to questions about something else than columns. */
  readonly answers?: Readonly<Record<string, string>>;
}

interface Refusal {
  readonly refused: string;
  /** Words of the reason. */
  readonly says: RegExp;
}

export interface CorpusFolder {
  readonly name: string;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** SELECT statements by the name of the Parquet file that each fills. */
  readonly parquet?: Readonly<Record<string, string>>;
  readonly right: RightProject | Refusal;
}

const random = makeRandom(71);
export const pick = (below: number): number => random.integer(below);
export const among = <T>(values: readonly T[]): T => values[pick(values.length)]!;
export const times = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at));
/** Draws the first ones more often. */
export const skewed = (below: number): number => Math.floor(below * random.next() ** 2);
export const favourite = <T>(values: readonly T[]): T => values[skewed(values.length)]!;

type Row = readonly unknown[];
const cell = (value: unknown, separator: string): string => {
  const text = String(value ?? '');
  return text.includes(separator) || text.includes('"') || text.includes('\n')
    ? `"${text.replaceAll('"', '""')}"`
    : text;
};
/** Writes rows as spreadsheets do: quotes around the values that need them. */
export const table = (rows: readonly Row[], separator = ',', end = '\n'): string =>
  rows.map((row) => row.map((value) => cell(value, separator)).join(separator) + end).join('');
export const quotedTable = (rows: readonly Row[], separator = ','): string =>
  rows
    .map((row) => `${row.map((value) => `"${String(value ?? '').replaceAll('"', '""')}"`).join(separator)}\n`)
    .join('');
export const jsonLines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
export const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');

export const hex = (length: number): string => times(length, () => '0123456789abcdef'[pick(16)]).join('');
const start = 1_690_000_000;
/** A second within 200 days. */
export const later = (): number => start + pick(200 * 86_400);
export const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();
export const day = (seconds = later()): string => iso(seconds).slice(0, 10);
export const clock = (seconds = later()): string => iso(seconds).slice(0, 19).replace('T', ' ');
const words = 'red blue old small river garden night salt paper winter stone house light wolf bread'.split(' ');
export const word = (): string => among(words);
export const title = (): string =>
  times(2 + pick(3), () => word().replace(/^./, (first) => first.toUpperCase())).join(' ');
export const sentence = (): string => `${times(8 + pick(8), word).join(' ')}.`;
export const distinct = (count: number, make: () => string): string[] => {
  const made = new Set<string>();
  while (made.size < count) made.add(make());
  return [...made];
};
export const letters = (length: number): string => times(length, () => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[pick(26)]).join('');
export const digits = (length: number): string => `${1 + pick(9)}${times(length - 1, () => pick(10)).join('')}`;
export const name = (): string =>
  `${among(['Ada', 'Ben', 'Chi', 'Dov', 'Eva', 'Fay'])} ${among(['Ro', 'Lind', 'Okafor', 'Silva', 'Maier', 'Tan'])}`;
