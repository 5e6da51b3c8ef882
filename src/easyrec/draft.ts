/** What a config is taken for, before it is text. */

/** A feature, and how its column becomes values. */
export interface FeatureDraft {
  readonly name: string;
  /** The columns that it reads. */
  readonly reads: readonly string[];
  /** DuckDB SQL, or the name of the column where the feature has another. Absent: the column of its name. */
  readonly sql?: string;
  /** The kind of one value, such as `id(hash: 100, dim: 16)`. */
  readonly element: string;
  readonly list?: ListDraft;
  /** Features of one table of the config share one table here. */
  readonly table?: string;
  /** Which tower must read it, where the config says. */
  readonly side?: SideName;
  /** Rows of its table in the config, 0 where it has none. */
  readonly rows: number;
  readonly line: number;
}

interface ListDraft {
  readonly pool: 'mean' | 'sum' | 'none';
  readonly max: number;
  /** SQL of the weights of its elements. */
  readonly weights?: string;
  /** The list whose elements these values belong to. */
  readonly along?: string;
}

export type SideName = 'user' | 'item';

/** A tower: steps, and the flow of its channel. */
export interface TowerDraft {
  /** Features that the flows begin with, in groups. */
  readonly groups: readonly GroupDraft[];
  /** Features that a flow names by themselves. */
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

export interface Draft {
  readonly name: string;
  /** What the config calls the model, such as `DSSM`. */
  readonly kind: string;
  readonly features: readonly FeatureDraft[];
  readonly towers: Readonly<Record<SideName, TowerDraft>>;
  readonly keys: { readonly user?: string; readonly item: string };
  readonly labels: readonly LabelDraft[];
  readonly task: TaskDraft;
  /** Lines of the `train` block. */
  readonly train: readonly string[];
}
