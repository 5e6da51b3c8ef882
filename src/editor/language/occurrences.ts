/**
 * What every word of a file represents: names that are declared and read, kinds, arguments, entries. Names are looked up in the
 * scope that `resolve` made, so that whatever is valid has its meaning wherever else the file has mistakes.
 */
import type { Resolution } from '../../compiler/model/resolution.ts';
import type { TypedName } from '../../compiler/model/scope.ts';
import type * as Ast from '../../compiler/syntax/ast.ts';
import { Declarations } from './occurrences/declarations.ts';
import { Found } from './occurrences/found.ts';
import type { Occurrence } from './occurrences/occurrence.ts';

/** In the order of their places; of the file itself, and of what it brings into scope from others. */
export function findOccurrences(resolution: Resolution): readonly Occurrence[] {
  const { scope, file } = resolution;
  const found = new Found(resolution);
  const walk = new Declarations(found, resolution);
  for (const declaration of file.declarations) walk.declaration(declaration);
  const others = [...scope.lets, ...scope.groups.values(), ...scope.blocks.values()];
  for (const node of others) if (node.span.source !== file.span.source) walk.declaration(node);
  for (const entry of entriesOf(scope.features)) if (entry.span.source !== file.span.source) walk.feature(entry);
  for (const entry of entriesOf(scope.labels)) if (entry.span.source !== file.span.source) walk.label(entry);
  return found.all.toSorted((a, b) => a.span.start - b.span.start);
}

const entriesOf = (names: ReadonlyMap<string, TypedName>): ReadonlySet<Ast.TypedEntryNode> =>
  new Set([...names.values()].map(({ entry }) => entry));
