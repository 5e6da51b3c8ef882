/** Defines the contract of the rows of a declaration, with constructors of its entries. */
import type { BoundKind, KindRow, Parameter, Parameters, ParameterType } from '../contract.ts';

/** The rows of a library table, by the word in a file. */
export type KindTable = Readonly<Record<string, KindRow>>;

/** Types of the value of an entry, or of a whole declaration: all types of arguments, and those that only entries have. */
export type EntryType =
  | ParameterType
  /** Calls of different kinds, separated by commas: `recall(20), ndcg(20)`. */
  | { readonly is: 'kinds'; readonly what: string; readonly of: KindTable }
  /** The name of a label or, if `of` includes it, of a feature; with `binary`, of a label of 0 and 1. */
  | { readonly is: 'reference'; readonly of: readonly ('label' | 'feature')[]; readonly binary?: true }
  /** A linear combination of scores of the two towers: `0.7 * cosine(user, item)`. */
  | { readonly is: 'score' }
  /** A linear combination of tasks; with `weightings`, also a call of a weighting. */
  | { readonly is: 'tasks'; readonly weightings?: KindTable; readonly also?: Parameters }
  /** Names of features, separated by commas. */
  | { readonly is: 'features' }
  /** A flow that begins with an input of the tower or with a previous step. */
  | { readonly is: 'channel' }
  /** The path or glob of a file of rows, in quotes; with `by`, also the column that joins it; with `or`, also a call of another format. */
  | { readonly is: 'file'; readonly by?: true; readonly or?: Readonly<Record<string, KindRow>> }
  /** The path of another `.tower` file, in quotes. */
  | { readonly is: 'path' }
  /** A DuckDB SQL expression, in quotes. */
  | { readonly is: 'sql' }
  /** A call whose first argument is the name of a column: `past(column, 50)`. */
  | { readonly is: 'history'; readonly of: KindTable };

/** One entry of a declaration, such as `batch = 1024`. */
export interface DeclarationEntry<T = unknown> extends Pick<Parameter<T>, 'doc' | 'default' | 'required' | 'value'> {
  readonly type: EntryType;
  /** A valid value, as written in a file. */
  readonly example: string;
  /** An alternative entry for the same setting: a declaration may have only one of the two. */
  readonly insteadOf?: string;
}

export type Entries = Readonly<Record<string, DeclarationEntry>>;

/** A keyword that is not a declaration by itself. */
export interface WordRow {
  /** For messages: "word of a tower". */
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
  /** Text for a new declaration; `$1` and `${2:name}` are placeholders. */
  readonly snippet: readonly string[];
  /** Entries with names of the language, in the order of messages. */
  readonly entries?: E;
  /** The value of an entry with a name of the file, or of the declaration if it has no body. */
  readonly value?: EntryType;
  readonly words?: Readonly<Record<string, WordRow>>;
}

/** Preserves the types of a declaration's entries. */
export const declaration = <const R extends DeclarationRow & { readonly entries: Entries }>(row: R): R => row;

/** @param example a valid value, as written in a file: `1024` */
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

/** Makes an entry of a type that arguments do not have. Name resolution checks its value. */
export const uncheckedEntry = (example: string, type: EntryType, options: EntryDoc): DeclarationEntry => ({
  type,
  example,
  ...options,
});

/** Makes an entry with one or several calls of kinds, separated by commas; undefined if the file has none. */
export function callsEntry(
  example: string,
  type: Omit<Extract<EntryType, { readonly is: 'kinds' }>, 'is'>,
  { doc }: EntryDoc,
): DeclarationEntry<readonly BoundKind[] | undefined> {
  return { type: { is: 'kinds', ...type }, doc, example };
}

/** Makes an entry with a call of a kind. `what` is the word for it in messages, and `also` are parameters that the entry adds to those of each kind. */
export function callEntry<const O extends EntryDoc & { readonly default?: BoundKind }>(
  example: string,
  type: Omit<Extract<EntryType, { readonly is: 'kind' }>, 'is'> & { readonly what: string },
  options: O,
): DeclarationEntry<O extends { readonly default: BoundKind } ? BoundKind : BoundKind | undefined> {
  const { doc, required, default: defaultCall } = options;
  return {
    type: { is: 'kind', ...type },
    doc,
    example,
    ...(required ? { required } : {}),
    ...(defaultCall === undefined ? {} : { default: defaultCall }),
  };
}
