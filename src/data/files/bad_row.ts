import type { DescribedFile, Role } from './files.ts';

export interface BadRow {
  readonly role: Role;
  readonly file: DescribedFile;
  /** Where: its line, from 1; or its place among the rows of the file, from 0. */
  readonly at: { readonly line: number } | { readonly record: number };
  readonly column?: string;
  readonly reason: string;
}
