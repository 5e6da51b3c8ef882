/** The contract of a row of a declaration, and short constructors of its entries. */
import type { BoundKind, KindRow, Parameter, Parameters, ParameterType } from '../contract.ts';

/** The rows of a table of the library by the word that a file writes. */
export type KindTable = Readonly<Record<string, KindRow>>;

/** Types of the value of an entry, or of a whole declaration: all types of an argument, and the types that only an entry has. */
export type EntryType =
  | ParameterType
  /** `recall(20), ndcg(20)`: calls of kinds, each once, with commas between them. */
  | { readonly is: 'kinds'; readonly what: string; readonly of: KindTable }
  /** The name of a label, or of a feature where `of` says so; with `binary` of a label of 0 and 1. */
  | { readonly is: 'reference'; readonly of: readonly ('label' | 'feature')[]; readonly binary?: true }
  /** Scores of the two towers, times numbers, added up: `0.7 * cosine(user, item)`. */
  | { readonly is: 'score' }
  /** Tasks, times numbers, added up; with `weightings` also a call of one. */
  | { readonly is: 'tasks'; readonly weightings?: KindTable; readonly also?: Parameters }
  /** Names of features with commas between them. */
  | { readonly is: 'features' }
  /** A flow that begins with an input of the tower or with a previous step. */
  | { readonly is: 'channel' }
  /** The path or glob of a file of rows, in quotes; with `by` the column that joins it; with `or` also a call of another format. */
  | { readonly is: 'file'; readonly by?: true; readonly or?: Readonly<Record<string, KindRow>> }
  /** The path of another `.tower` file, in quotes. */
  | { readonly is: 'path' }
  /** A DuckDB SQL expression, in quotes. */
  | { readonly is: 'sql' }
  /** `past(column, 50)`: a call of a kind, whose first argument is the name of a column. */
  | { readonly is: 'history'; readonly of: KindTable };

/** `batch = 1024`: one entry of a declaration. */
export interface DeclarationEntry<T = unknown> extends Pick<Parameter<T>, 'doc' | 'default' | 'required' | 'value'> {
  readonly type: EntryType;
  /** A value that checks, as written in a file. */
  readonly example: string;
  /** The entry that says the same in another way: a declaration has one of the two. */
  readonly insteadOf?: string;
}

export type Entries = Readonly<Record<string, DeclarationEntry>>;

/** A word of the grammar that is no declaration by itself. */
export interface WordRow {
  /** "word of a tower" */
  readonly what: string;
  /** One line, for editors. */
  readonly brief: string;
  /** Printed by `tower explain`. */
  readonly doc: string;
  readonly example: string;
}

/** One declaration of the language. */
export interface DeclarationRow<E extends Entries = Entries> {
  /** One line, for editors. */
  readonly brief: string;
  /** Printed by `tower explain`. */
  readonly doc: string;
  readonly example: string;
  /** Text to begin with; `$1`, `${2:name}` are the places to fill in. */
  readonly snippet: readonly string[];
  /** Entries with names of the language, in the order of messages. */
  readonly entries?: E;
  /** The value of an entry with a name of the file, or of the declaration if it has no body. */
  readonly value?: EntryType;
  readonly words?: Readonly<Record<string, WordRow>>;
}

/** Ties the entries of a declaration to their types. */
export const declaration = <const R extends DeclarationRow & { readonly entries: Entries }>(row: R): R => row;

/** @param example a value that checks, as written in a file: `1024` */
export function entry<T>(example: string, { type, doc, required, ...rest }: Parameter<T>): DeclarationEntry<T> {
  return {
    type,
    doc,
    example,
    ...(required ? { required } : {}),
    ...('default' in rest ? { default: rest.default as T } : {}),
  };
}

interface EntryDoc {
  readonly doc: string;
  readonly required?: true;
}

/** An entry of a type that no argument has. What it gives is checked where it is resolved. */
export const special = (example: string, type: EntryType, said: EntryDoc): DeclarationEntry => ({
  type,
  example,
  ...said,
});

/** One call of a kind or several, with commas between them; absent where none is given. */
export function kinds(
  example: string,
  type: Omit<Extract<EntryType, { readonly is: 'kinds' }>, 'is'>,
  { doc }: EntryDoc,
): DeclarationEntry<readonly BoundKind[] | undefined> {
  return { type: { is: 'kinds', ...type }, doc, example };
}

/** A call of a kind, which messages call `what`; `also` are arguments that the entry adds to those of each kind. */
export function call<const O extends EntryDoc & { readonly default?: BoundKind }>(
  example: string,
  type: Omit<Extract<EntryType, { readonly is: 'kind' }>, 'is'> & { readonly what: string },
  options: O,
): DeclarationEntry<O extends { readonly default: BoundKind } ? BoundKind : BoundKind | undefined> {
  const { doc, required, default: otherwise } = options;
  return {
    type: { is: 'kind', ...type },
    doc,
    example,
    ...(required ? { required } : {}),
    ...(otherwise === undefined ? {} : { default: otherwise }),
  };
}
