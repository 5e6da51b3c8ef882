/** Where each column that a model reads comes from: its SQL, and the file or files it is computed over. */

import type { DataDescription } from '../../model/model.ts';
import type { Role } from '../files/files.ts';
import type { DataSource } from '../files/source.ts';
import type { Reads } from './expression.ts';

/** What a reader of a column makes of its values. */
export type ColumnKind =
  | 'text'
  | 'number'
  | 'texts'
  | 'numbers'
  | 'vector'
  | 'binary'
  | 'time'
  | 'moment'
  | 'condition'
  | 'any';

/** A column that could be computed. */
export interface BoundColumn {
  readonly name: string;
  /** A DuckDB expression over the files of `over`. */
  readonly sql: string;
  readonly over: readonly Role[];
  /** Where its values live: one row an event, an item or a user. */
  readonly at: Role;
  readonly kind: ColumnKind;
  /** DuckDB's type of the expression. */
  readonly type: string;
  /** The file's own column, when the expression is nothing else. */
  readonly bare?: string;
  /** What an expression reads besides the columns of `over` that its text names. */
  readonly reads?: Reads;
}

export interface JoinKey {
  /** The feature that towers name. */
  readonly feature: string;
  /** The key as events have it, and as the joined file has it, if there is one. */
  readonly inEvents: BoundColumn;
  readonly inFile?: BoundColumn;
}

export interface BoundHistory {
  readonly kind: DataDescription['histories'][number]['kind'];
  readonly of: BoundColumn;
  readonly max: number;
}

export interface Layout {
  readonly sources: ReadonlyMap<Role, DataSource>;
  /** By feature; a history is absent here. */
  readonly features: ReadonlyMap<string, BoundColumn>;
  readonly labels: ReadonlyMap<string, BoundColumn>;
  readonly userKey?: JoinKey;
  readonly itemKey?: JoinKey;
  readonly time?: BoundColumn;
  readonly where?: BoundColumn;
  readonly fold?: BoundColumn;
  readonly title?: BoundColumn;
  /** By feature: the column its elements come from, of which events, and how many at most. */
  readonly histories: ReadonlyMap<string, BoundHistory>;
  /** By list: the column of its weights, or that of which its weights are a history. */
  readonly listWeights: ReadonlyMap<string, BoundColumn>;
}

/** Every bound column once. */
export function columnsOfLayout(layout: Layout): BoundColumn[] {
  const keys = [layout.userKey, layout.itemKey].flatMap((key) => (key === undefined ? [] : [key.inEvents, key.inFile]));
  const columns = [
    ...layout.features.values(),
    ...layout.labels.values(),
    ...[...layout.histories.values()].map(({ of }) => of),
    ...layout.listWeights.values(),
    ...keys,
    layout.time,
    layout.where,
    layout.fold,
    layout.title,
  ];
  return columns.filter((column) => column !== undefined);
}
