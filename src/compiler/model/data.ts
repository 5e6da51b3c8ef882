/** `data name { … }`: where rows come from. Every entry is checked; whether the files agree is known once they are read. */
import type { Outcome } from '../../base/diagnostics/diagnostic.ts';
import type * as Ast from '../syntax/ast.ts';
import type { DataDescription } from './model.ts';
import { type ResolveOptions, resolveNames } from './resolve.ts';

/**
 * The data block of a file, or of a file that it uses.
 * @returns no description when there is none, or when a part of it is wrong
 */
export function resolveData(file: Ast.FileNode, options: ResolveOptions = {}): Outcome<DataDescription | undefined> {
  const { output, diagnostics } = resolveNames(file, options);
  return { output: output.data[0], diagnostics };
}
