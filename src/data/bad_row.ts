import type { InputFile, Role } from './files.ts';

/** A row that cannot be read, or that holds what it should not. */
export interface BadRow {
  readonly role: Role;
  readonly file: InputFile;
  /** Where: the byte where its record begins, or its place among the readable records of the file, from 0. */
  readonly at: { readonly byte: number } | { readonly record: number };
  readonly column?: string;
  readonly reason: string;
}
