/** What a config is taken for, before it is text. */

/** A feature, and how its column becomes values. */
export interface FeatureDraft {
  readonly name: string;
  readonly reads: readonly string[];
  /** DuckDB SQL, or the name of the column where the feature has another. Absent: the column of its name. */
  readonly sql?: string;
  /** The kind of one value, such as `id(hash: 100, dim: 16)`. */
  readonly element: string;
  readonly list?: ListDraft;
  /** Features of one table of the config share one table here. */
  readonly table?: string;
  /** Absent where either tower may read it. */
  readonly side?: SideName;
  /** 0 without a table. */
  readonly rows: number;
  readonly line: number;
}

interface ListDraft {
  readonly pool: 'mean' | 'sum' | 'none';
  readonly max: number;
  readonly weights?: string;
  /** The list whose elements these values belong to. */
  readonly along?: string;
}

export type SideName = 'user' | 'item';

export interface TowerDraft {
  readonly groups: readonly GroupDraft[];
  readonly alone: readonly string[];
  readonly steps: readonly string[];
  readonly channel: string;
}

export interface GroupDraft {
  readonly name: string;
  readonly features: readonly string[];
}

export interface TaskDraft {
  readonly score: string;
  readonly loss: string;
  readonly label?: string;
  readonly weight?: string;
}

export interface LabelDraft {
  readonly name: string;
  readonly kind: 'binary' | 'number';
  readonly column?: string;
}

export interface ModelDraft {
  readonly name: string;
  /** Such as `DSSM`. */
  readonly kind: string;
  readonly features: readonly FeatureDraft[];
  readonly towers: Readonly<Record<SideName, TowerDraft>>;
  readonly keys: { readonly user?: string; readonly item: string };
  readonly labels: readonly LabelDraft[];
  readonly task: TaskDraft;
  readonly train: readonly string[];
}
