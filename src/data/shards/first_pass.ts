/** What the first pass over all events gives to the second one, and its form as plain data. */
import type { ColumnRequest, ReadPlan } from '../binding/data_layout.ts';
import type { EventBasis, Rejected } from '../dataset.ts';
import type { FeatureFile } from '../files/feature_files.ts';
import type { Role } from '../files/find_files.ts';
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

type PlainFirstPass = Omit<FirstPassResult, 'items' | 'users'> & {
  readonly items?: PlainRows | undefined;
  readonly users?: PlainRows | undefined;
};

export function plainFirstPass({ partial: _, key: __, ...of }: FirstPassResult, { columns }: ReadPlan): unknown {
  const plainRows = (role: Role, rows: ValidRawRows | undefined): PlainRows | undefined =>
    rows && { ...rows, columns: columns.get(role)!.map((column) => rows.columns.get(column)!) };
  const { count, total } = of.rejected;
  // Only the counts are kept: the file of rejected rows is in the folder of the stopped run, which the next run does not use.
  return {
    ...of,
    items: plainRows('items', of.items),
    users: plainRows('users', of.users),
    rejected: { count, total },
  };
}

/** @throws Error if `plain` is not the result of `plainFirstPass` for the same requests */
export function firstPassOf(plain: unknown, partial: string, key: string, { columns }: ReadPlan): FirstPassResult {
  const { items, users, ...of } = plain as PlainFirstPass;
  const rowsOf = (role: Role, rows: PlainRows | undefined): ValidRawRows | undefined => {
    if (rows === undefined) return undefined;
    const requested = columns.get(role)!;
    if (rows.columns.length !== requested.length) throw new Error('columns are missing');
    const columnsOfRows = requested.map((column, index): [ColumnRequest, RawColumn] => [column, rows.columns[index]!]);
    return { ...rows, columns: new Map(columnsOfRows) };
  };
  return { ...of, items: rowsOf('items', items), users: rowsOf('users', users), partial, key };
}
