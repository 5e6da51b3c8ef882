/** What the first pass gives, and as plain data: that which is in no bucket. */
import type { DataDescription } from '../../model/model.ts';
import type { ColumnRequest, ColumnRequests } from '../binding/column_requests.ts';
import type { Layout } from '../binding/layout.ts';
import type { Needs } from '../binding/needs.ts';
import type { Rejected } from '../dataset.ts';
import type { FeatureFile } from '../files/feature_files.ts';
import type { Role } from '../files/files.ts';
import type { Dictionaries } from '../rows/dictionaries.ts';
import type { RawColumn } from '../rows/raw.ts';
import type { PartOfFile } from '../rows/split.ts';
import type { ValidRawRows } from '../rows/valid_rows.ts';
import type { PileFile } from './piles.ts';
import type { ShardRequest } from './request.ts';
import type { Scattered } from './scatter.ts';

/** What both passes are of. */
export interface ToWrite {
  readonly description: DataDescription;
  readonly needs: Needs;
  readonly layout: Layout;
  readonly featureFiles: ReadonlyMap<string, FeatureFile>;
  readonly wanted: ColumnRequests;
  readonly request: ShardRequest;
  readonly signal?: AbortSignal | undefined;
}

export interface Buckets {
  readonly partial: string;
  readonly key: string;
  readonly scattered: Omit<Scattered, 'bad'>;
  /** Of the buckets. */
  readonly files: readonly PileFile[];
  readonly dictionaries: Dictionaries;
  readonly items?: ValidRawRows | undefined;
  readonly users?: ValidRawRows | undefined;
  readonly partsOfFiles: readonly PartOfFile[];
  readonly rejected: Rejected;
}

/** Columns are in the order that they are asked for. */
interface PlainRows extends Omit<ValidRawRows, 'columns'> {
  readonly columns: readonly RawColumn[];
}

interface PlainBuckets extends Omit<Buckets, 'partial' | 'key' | 'items' | 'users'> {
  readonly items?: PlainRows | undefined;
  readonly users?: PlainRows | undefined;
}

export function plainBuckets({ partial: _, key: __, ...of }: Buckets, { columns }: ColumnRequests): PlainBuckets {
  const { count, total } = of.rejected;
  const plain = (role: Role, rows: ValidRawRows | undefined): PlainRows | undefined =>
    rows && { ...rows, columns: columns.get(role)!.map((column) => rows.columns.get(column)!) };
  return {
    ...of,
    items: plain('items', of.items),
    users: plain('users', of.users),
    // The file of them is in the folder of the run that was stopped.
    rejected: { count, total },
  };
}

/** @throws Error where it is not what `plainBuckets` gave for the same requests */
export function bucketsOf(plain: unknown, partial: string, key: string, { columns }: ColumnRequests): Buckets {
  const of = plain as PlainBuckets;
  const rowsOf = (role: Role, rows: PlainRows | undefined): ValidRawRows | undefined => {
    if (rows === undefined) return undefined;
    const asked = columns.get(role)!;
    if (rows.columns.length !== asked.length) throw new Error('columns are missing');
    return {
      ...rows,
      columns: new Map(asked.map((column, at): [ColumnRequest, RawColumn] => [column, rows.columns[at]!])),
    };
  };
  return { ...of, partial, key, items: rowsOf('items', of.items), users: rowsOf('users', of.users) };
}
