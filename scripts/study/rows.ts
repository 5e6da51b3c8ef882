/**
 * The lines of the tables as they were measured, each a file of its own: a study that was stopped goes on with the next line. A file
 * holds the values of every question, so that intervals and paired differences can be drawn for any lines together. The files are committed next
 * to the page: compressed JSON, because most values are zeros.
 */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { writeDurably } from '../../src/base/storage/durable.ts';

/** What a figure follows from, as checksums. */
export interface Decides {
  /** The model with all that it uses, the settings on the command line, and for a baseline its name. */
  readonly model: string;
  /** The data block and the bytes of its files. */
  readonly data: string;
  /** The sources of Tower that compile, read, train and measure. */
  readonly code: string;
}

/** The project when a line was measured. Its commit is named by its subject: history may be rewritten before it is published. */
export interface State {
  readonly subject: string;
  readonly date: string;
  /** Files that git knows differed from it. */
  readonly changed: boolean;
}

export interface Row {
  readonly format: 'tower-study-1';
  readonly set: string;
  /** Of a model or a baseline. */
  readonly name: string;
  /** Of a model. */
  readonly seed?: number;
  readonly decides: Decides;
  readonly state: State;
  readonly machine: string;
  /** Training and ranking together. */
  readonly seconds: number;
  /** Why a baseline has nothing to rank by; there are then no values. */
  readonly excluded?: string;
  /** The setting that a baseline chose. */
  readonly setting?: string;
  /** What must agree for two lines to be in one table, and its sentences. */
  readonly protocol: { readonly checksum: string; readonly sentences: readonly string[] };
  /** By metric: the value of each question, float32. */
  readonly values: Readonly<Record<string, Float32Array>>;
  /** The group of each question that the bootstrap draws. */
  readonly groups: Int32Array;
  /** Whether items without training events are ranked. */
  readonly ranksCold: boolean;
}

type Stored = Omit<Row, 'values' | 'groups'> & {
  readonly values: Readonly<Record<string, string>>;
  readonly groups: string;
};

const base64 = (array: Float32Array | Int32Array): string =>
  Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('base64');

/** A copy whose bytes begin where four of them begin. */
const bytesOf = (text: string): ArrayBuffer => Uint8Array.from(Buffer.from(text, 'base64')).buffer;

/** Groups are mostly 0, 1, 2 …: their steps are mostly 1, which compresses to nothing. */
const steps = (groups: Int32Array): Int32Array => groups.map((group, at) => group - (groups[at - 1] ?? 0));

function sums(steps: Int32Array): Int32Array {
  let sum = 0;
  return steps.map((step) => {
    sum += step;
    return sum;
  });
}

/** `sasrec-1.json.gz`; the name of a baseline may have blanks. */
const fileOf = ({ name, seed }: Pick<Row, 'name' | 'seed'>): string =>
  `${name.replaceAll(' ', '_')}${seed === undefined ? '' : `-${seed}`}.json.gz`;

export async function keepRow(folder: string, row: Row): Promise<void> {
  const stored: Stored = {
    ...row,
    values: Object.fromEntries(Object.entries(row.values).map(([label, values]) => [label, base64(values)])),
    groups: base64(steps(row.groups)),
  };
  mkdirSync(join(folder, row.set), { recursive: true });
  const bytes = gzipSync(JSON.stringify(stored), { level: 9 });
  await writeDurably(join(folder, row.set, fileOf(row)), (sink) => sink.write(bytes));
}

/** All rows that are kept for a set. A file that is no whole row is as good as absent: it is measured again. */
export function keptRows(folder: string, set: string): Row[] {
  let names: string[];
  try {
    names = readdirSync(join(folder, set));
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith('.json.gz'))
    .sort()
    .flatMap((name) => {
      try {
        const stored = JSON.parse(gunzipSync(readFileSync(join(folder, set, name))).toString('utf8')) as Stored;
        if (stored.format !== 'tower-study-1' || stored.set !== set || fileOf(stored) !== name) return [];
        const values = Object.entries(stored.values).map(([label, text]) => [label, new Float32Array(bytesOf(text))]);
        const row: Row = {
          ...stored,
          values: Object.fromEntries(values),
          groups: sums(new Int32Array(bytesOf(stored.groups))),
        };
        const isWhole = Object.values(row.values).every(({ length }) => length === row.groups.length);
        return isWhole ? [row] : [];
      } catch {
        return [];
      }
    });
}
