/** What a starter project says: everything that the two files are written from. */
import type { FileKind } from '../data/files/file_kind.ts';
import type { Rewrite } from '../data/look/looked_table.ts';

/** A name of the model, and what feeds it where that is no column of this name. */
export interface Fed {
  readonly name: string;
  /** An entry of `columns`. */
  readonly sql?: string;
}

export interface Feature extends Fed {
  readonly side: 'query' | 'item';
  /** As the model writes it: `category(dim: 8)`. */
  readonly kind: string;
  /** A comment next to it. */
  readonly why: string;
  /** Written as a comment: something to try. */
  readonly isIdea?: boolean;
}

export interface Label extends Fed {
  readonly kind: 'binary' | 'number';
  readonly why: string;
}

/** A file as the data block names it. */
export interface NamedFile {
  /** `ratings.csv`, or a pattern. */
  readonly path: string;
  readonly isLines: boolean;
  /** Files that it represents. */
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

/** What the query tower knows of a user. */
export type Case = 'past' | 'others' | 'listed' | 'features' | 'text' | 'context';

export interface Entry {
  readonly value: string;
  readonly why: string;
}

export interface Reason {
  readonly file: string;
  readonly column: string;
  readonly taken: string;
  readonly because: string;
}

/** Something that files do not say. The first choice is the likeliest. */
export interface Question {
  readonly id: string;
  readonly text: string;
  readonly choices: readonly { readonly value: string; readonly text: string }[];
}

/** Answers to questions, by their id. */
export type Answers = Readonly<Record<string, string>>;

export interface Proposal {
  readonly case: Case;
  readonly name: string;
  readonly events: NamedFile;
  readonly items?: NamedFile;
  readonly users?: NamedFile;
  readonly user?: Fed;
  readonly item: Fed;
  /** Of `listed`: the column that holds the history. */
  readonly history?: string;
  readonly time?: Entry;
  readonly split: Entry;
  readonly where?: Entry;
  readonly seen: Entry;
  readonly reject?: Entry;
  readonly perUser: boolean;
  readonly title?: string;
  readonly features: readonly Feature[];
  readonly labels: readonly Label[];
  /** A label by which events count. */
  readonly weight?: Label;
  /** Rows of events, perhaps estimated; how many different items and users the look saw. */
  readonly size: { readonly events: number; readonly items: number; readonly perUser: number };
  readonly reasons: readonly Reason[];
  readonly questions: readonly Question[];
  /** Sentences: what was not used, and what the language cannot say. */
  readonly notes: readonly string[];
}
