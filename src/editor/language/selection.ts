/** What a selection grows to: the nodes of the tree around a place, from the innermost to the whole file. */
import type { Span } from '../../base/text/source.ts';
import type * as Ast from '../../compiler/syntax/ast.ts';

interface Node {
  readonly span: Span;
}

export function selectionsAt(file: Ast.FileNode, offset: number): readonly Span[] {
  const around: Span[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const one of value) visit(one);
    else if (isNode(value) && value.span.start <= offset && offset <= value.span.end) {
      const last = around.at(-1);
      // Next to each other at the offset: the one that comes first is kept.
      const within = !last || (last.start <= value.span.start && value.span.end <= last.end);
      if (!within) return;
      if (!last || last.start !== value.span.start || last.end !== value.span.end) around.push(value.span);
      for (const part of Object.values(value)) visit(part);
    }
  };
  visit(file);
  return around.toReversed();
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && 'span' in value;
