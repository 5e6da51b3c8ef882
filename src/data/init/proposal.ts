/** Defines the contents of a starter project, from which both files are written. */
import type { FileKind } from '../files/formats/table.ts';
import type { Rewrite } from '../look/looked_table.ts';

/** A name in the model, and its entry in `columns` if no column has this name. */
export interface FedName {
  readonly name: string;
  /** The expression of the entry. */
  readonly sql?: string | undefined;
}

export interface StarterFeature extends FedName {
  readonly side: 'query' | 'item';
  /** The kind in the language of models: `category(dim: 8)`. */
  readonly kind: string;
  readonly why: string;
  /** True if it is written as a comment, as a suggestion. */
  readonly isIdea?: boolean | undefined;
}

export interface StarterLabel extends FedName {
  readonly kind: 'binary' | 'number';
  readonly why: string;
}

export interface NamedFile {
  /** The path of a file, or a pattern. */
  readonly path: string;
  readonly isLines: boolean;
  readonly sources: readonly string[];
  /** Copies that are read instead: one for each source, and for each other part of a split set. Empty if the sources are read. */
  readonly copies: readonly Copy[];
}

/** A copy that a data block can read, of a file that it cannot. */
export interface Copy {
  readonly from: string;
  /** A path within the project folder. */
  readonly to: string;
  readonly rewrite: Rewrite;
  readonly kind: FileKind;
}

/** The source of the query tower's knowledge of a user. */
export type ModelCase = 'past' | 'others' | 'listed' | 'features' | 'text' | 'context';

export interface DataEntry {
  readonly value: string;
  readonly why: string;
}

/** A question that the files do not answer. The first choice is the most likely. */
export interface InitQuestion {
  readonly id: string;
  readonly text: string;
  readonly choices: readonly { readonly value: string; readonly text: string }[];
  /** True if no choice is likely enough to be taken unasked. */
  readonly isOpen?: boolean | undefined;
}

export type InitAnswers = Readonly<Record<string, string>>;

export interface Proposal {
  readonly case: ModelCase;
  readonly name: string;
  readonly events: NamedFile;
  readonly items?: NamedFile | undefined;
  readonly users?: NamedFile | undefined;
  readonly user?: FedName | undefined;
  readonly item: FedName;
  /** For `listed`: the column with the history. */
  readonly history?: string | undefined;
  readonly time?: DataEntry | undefined;
  readonly split: DataEntry;
  readonly where?: DataEntry | undefined;
  readonly seen: DataEntry;
  readonly reject?: DataEntry | undefined;
  readonly perUser: boolean;
  readonly title?: string | undefined;
  readonly features: readonly StarterFeature[];
  readonly labels: readonly StarterLabel[];
  /** A label that weights events. */
  readonly weight?: StarterLabel | undefined;
  /** Number of events, which may be estimated, and numbers of distinct items and users in the sample. */
  readonly size: { readonly events: number; readonly items: number; readonly perUser: number };
  readonly reasons: readonly {
    readonly file: string;
    readonly column: string;
    readonly taken: string;
    readonly because: string;
  }[];
  readonly questions: readonly InitQuestion[];
  /** Sentences about unused files and columns, and about properties that the language cannot express. */
  readonly notes: readonly string[];
}
