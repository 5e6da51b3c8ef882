/** What the first pass over all events, or over a part of them, gives to the second one, and its form as plain data. */
import type { ColumnRequest, ReadPlan } from '../binding/layout.ts';
import type { EventBasis, Rejected } from '../dataset.ts';
import type { FeatureFile } from '../files/feature_files.ts';
import type { Role } from '../files/files.ts';
import type { Pinned } from '../pinned.ts';
import type { Dictionaries, RawColumn, ValidRawRows } from '../rows/raw.ts';
import type { PartOfFile } from '../rows/split.ts';
import type { ShardRequest } from './request.ts';
import type { ScatterResult } from './scatter.ts';
import type { ShardFile } from './shard_files.ts';

/** The input of both passes. */
export interface ShardingInput {
  readonly readPlan: ReadPlan;
  readonly featureFiles: ReadonlyMap<string, FeatureFile>;
  readonly request: ShardRequest;
  readonly signal?: AbortSignal | undefined;
  /** Absent: encodings are learned from the training part. */
  readonly pinned?: Pinned | undefined;
}

export interface ScatteredRows {
  readonly scattered: Omit<ScatterResult, 'bad'>;
  /** By partition. */
  readonly files: readonly ShardFile[];
  readonly dictionaries: Dictionaries;
  readonly items?: ValidRawRows | undefined;
  readonly users?: ValidRawRows | undefined;
  readonly partsOfFiles: readonly PartOfFile[];
  readonly eventBasis: Omit<EventBasis, 'itemElements'>;
}

export interface FirstPassResult extends Omit<ScatteredRows, 'files'> {
  /** By partition. */
  readonly files: readonly Pick<ShardFile, 'rows' | 'bytes'>[];
  /** The folder that the shards are written in. */
  readonly partial: string;
  readonly key: string;
  readonly rejected: Rejected;
}

/** Columns are in the order of their requests. */
interface PlainRows extends Omit<ValidRawRows, 'columns'> {
  readonly columns: readonly RawColumn[];
}

type JoinedFiles = Pick<ScatteredRows, 'items' | 'users'>;

type PlainScattered<T extends JoinedFiles> = Omit<T, 'items' | 'users'> & {
  readonly items?: PlainRows | undefined;
  readonly users?: PlainRows | undefined;
};

export function plainScattered<T extends JoinedFiles>(rows: T, { columns }: ReadPlan): PlainScattered<T> {
  const plainRows = (role: Role, own: ValidRawRows | undefined): PlainRows | undefined =>
    own && { ...own, columns: columns.get(role)!.map((column) => own.columns.get(column)!) };
  return { ...rows, items: plainRows('items', rows.items), users: plainRows('users', rows.users) };
}

/** @throws Error if `plain` is not the result of `plainScattered` for the same requests */
export function scatteredOf<T extends JoinedFiles>(plain: unknown, { columns }: ReadPlan): T {
  const plainResult = plain as PlainScattered<T>;
  const rowsOf = (role: Role, rows: PlainRows | undefined): ValidRawRows | undefined => {
    if (rows === undefined) return undefined;
    const requested = columns.get(role)!;
    if (rows.columns.length !== requested.length) throw new Error('columns are missing');
    return {
      ...rows,
      columns: new Map(requested.map((column, index): [ColumnRequest, RawColumn] => [column, rows.columns[index]!])),
    };
  };
  const joined = { items: rowsOf('items', plainResult.items), users: rowsOf('users', plainResult.users) };
  return { ...plainResult, ...joined } as unknown as T;
}

export function plainFirstPass({ partial: _, key: __, ...of }: FirstPassResult, readPlan: ReadPlan): unknown {
  const { count, total } = of.rejected;
  // The file of rejected rows is in the folder of the stopped run.
  return { ...plainScattered(of, readPlan), rejected: { count, total } };
}

/** @throws Error if `plain` is not the result of `plainFirstPass` for the same requests */
export const firstPassOf = (plain: unknown, partial: string, key: string, readPlan: ReadPlan): FirstPassResult => ({
  ...scatteredOf<FirstPassResult>(plain, readPlan),
  partial,
  key,
});
