/** The origin of each column that a model reads: its SQL, and the file or files it is computed over. */
import type { DataDescription } from '../../compiler/model/model.ts';
import type { FeaturePlan } from '../../graph/plan/plan.ts';
import type { Role } from '../files/files.ts';
import type { DataSource } from '../files/source.ts';
import type { ExpressionReads } from './expression.ts';

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

export interface BoundColumn {
  readonly name: string;
  /** A DuckDB expression over the files of `over`. */
  readonly sql: string;
  readonly over: readonly Role[];
  /** The table of its values: one row an event, an item or a user. */
  readonly at: Role;
  readonly kind: ColumnKind;
  readonly type: string;
  /** The file's own column, if the expression is nothing else. */
  readonly bare?: string;
  readonly reads?: ExpressionReads;
}

export interface JoinKey {
  readonly feature: string;
  readonly inEvents: BoundColumn;
  /** Absent where no file is joined. */
  readonly inFile?: BoundColumn;
}

export interface BoundHistory {
  readonly kind: DataDescription['histories'][number]['kind'];
  readonly of: BoundColumn;
  readonly max: number;
}

export interface DataLayout {
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
  /** By feature: the column of its elements, which events it has, and how many at most. */
  readonly histories: ReadonlyMap<string, BoundHistory>;
  /** By list: the column of its weights, or of the history of its weights. */
  readonly listWeights: ReadonlyMap<string, BoundColumn>;
}

export function columnsOfLayout(layout: DataLayout): BoundColumn[] {
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

export function columnKindOf(feature: FeaturePlan): ColumnKind {
  switch (feature.encoder.kind) {
    case 'vocabulary':
    case 'hash':
      return feature.gives === 'bag' ? 'texts' : 'text';
    case 'words':
    case 'bigrams':
    case 'trigrams':
      return 'text';
    case 'vector':
      return 'vector';
    case 'clock':
      return feature.gives === 'bag' ? 'numbers' : 'moment';
    default:
      return feature.gives === 'bag' ? 'numbers' : 'number';
  }
}
