/** The result of the first pass, also as plain data: all that is in no partition. */
import type { ColumnRequest, ReadPlan } from '../binding/layout.ts';
import type { Rejected } from '../dataset.ts';
import type { FeatureFile } from '../files/feature_files.ts';
import type { Role } from '../files/files.ts';
import type { Dictionaries, RawColumn, ValidRawRows } from '../rows/raw.ts';
import type { PartOfFile } from '../rows/split.ts';
import type { ShardRequest } from './request.ts';
import type { ScatterResult } from './scatter.ts';
import type { ShardFile } from './shard_files.ts';

export interface ShardingInput {
  readonly readPlan: ReadPlan;
  readonly featureFiles: ReadonlyMap<string, FeatureFile>;
  readonly request: ShardRequest;
  readonly signal?: AbortSignal | undefined;
}

export interface FirstPassResult {
  readonly partial: string;
  readonly key: string;
  readonly scattered: Omit<ScatterResult, 'bad'>;
  readonly files: readonly ShardFile[];
  readonly dictionaries: Dictionaries;
  readonly items?: ValidRawRows | undefined;
  readonly users?: ValidRawRows | undefined;
  readonly partsOfFiles: readonly PartOfFile[];
  readonly rejected: Rejected;
}

/** Columns are in the order of their requests. */
interface PlainRows extends Omit<ValidRawRows, 'columns'> {
  readonly columns: readonly RawColumn[];
}

interface PlainFirstPass extends Omit<FirstPassResult, 'partial' | 'key' | 'items' | 'users'> {
  readonly items?: PlainRows | undefined;
  readonly users?: PlainRows | undefined;
}

export function plainFirstPass({ partial: _, key: __, ...of }: FirstPassResult, { columns }: ReadPlan): PlainFirstPass {
  const { count, total } = of.rejected;
  const plainRows = (role: Role, rows: ValidRawRows | undefined): PlainRows | undefined =>
    rows && { ...rows, columns: columns.get(role)!.map((column) => rows.columns.get(column)!) };
  return {
    ...of,
    items: plainRows('items', of.items),
    users: plainRows('users', of.users),
    // Their file is in the folder of the run that was stopped.
    rejected: { count, total },
  };
}

/** @throws Error where it is not what `plainFirstPass` gave for the same requests */
export function firstPassOf(plain: unknown, partial: string, key: string, { columns }: ReadPlan): FirstPassResult {
  const plainResult = plain as PlainFirstPass;
  const rowsOf = (role: Role, rows: PlainRows | undefined): ValidRawRows | undefined => {
    if (rows === undefined) return undefined;
    const requested = columns.get(role)!;
    if (rows.columns.length !== requested.length) throw new Error('columns are missing');
    return {
      ...rows,
      columns: new Map(requested.map((column, index): [ColumnRequest, RawColumn] => [column, rows.columns[index]!])),
    };
  };
  return {
    ...plainResult,
    partial,
    key,
    items: rowsOf('items', plainResult.items),
    users: rowsOf('users', plainResult.users),
  };
}
