/** The contents of a starter project: everything that the two files are written from. */
import type { FileKind } from '../files/formats/table.ts';
import type { Rewrite } from '../look/looked_table.ts';

/** A name of the model, and its entry where no column has this name. */
export interface FedName {
  readonly name: string;
  /** An entry of `columns`. */
  readonly sql?: string;
}

export interface StarterFeature extends FedName {
  readonly side: 'query' | 'item';
  /** The kind in the model's words: `category(dim: 8)`. */
  readonly kind: string;
  readonly why: string;
  /** Written as a comment: something to try. */
  readonly isIdea?: boolean;
}

export interface StarterLabel extends FedName {
  readonly kind: 'binary' | 'number';
  readonly why: string;
}

export interface NamedFile {
  /** `ratings.csv`, or a pattern. */
  readonly path: string;
  readonly isLines: boolean;
  readonly sources: readonly string[];
  readonly copy?: Copy;
}

/** A copy that a data block can read, made of a file that it cannot. */
export interface Copy {
  readonly from: string;
  /** Within the folder of the project. */
  readonly to: string;
  readonly rewrite: Rewrite;
  readonly kind: FileKind;
}

/** The query tower's knowledge of a user. */
export type ModelCase = 'past' | 'others' | 'listed' | 'features' | 'text' | 'context';

export interface DataEntry {
  readonly value: string;
  readonly why: string;
}

export interface ColumnReason {
  readonly file: string;
  readonly column: string;
  readonly taken: string;
  readonly because: string;
}

/** Something that files do not say. The first choice is the likeliest. */
export interface InitQuestion {
  readonly id: string;
  readonly text: string;
  readonly choices: readonly { readonly value: string; readonly text: string }[];
}

export type InitAnswers = Readonly<Record<string, string>>;

export interface Proposal {
  readonly case: ModelCase;
  readonly name: string;
  readonly events: NamedFile;
  readonly items?: NamedFile;
  readonly users?: NamedFile;
  readonly user?: FedName;
  readonly item: FedName;
  /** For `listed`: the column that holds the history. */
  readonly history?: string;
  readonly time?: DataEntry;
  readonly split: DataEntry;
  readonly where?: DataEntry;
  readonly seen: DataEntry;
  readonly reject?: DataEntry;
  readonly perUser: boolean;
  readonly title?: string;
  readonly features: readonly StarterFeature[];
  readonly labels: readonly StarterLabel[];
  /** A label by which events count. */
  readonly weight?: StarterLabel;
  /** Rows of events, perhaps estimated; the numbers of different items and users in the sample. */
  readonly size: { readonly events: number; readonly items: number; readonly perUser: number };
  readonly reasons: readonly ColumnReason[];
  readonly questions: readonly InitQuestion[];
  /** Sentences on unused files and columns, and on what the language cannot say. */
  readonly notes: readonly string[];
}
