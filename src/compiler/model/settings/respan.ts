/** Gives the places of a tree to another source. */
import type { Span } from '../../../base/text/source.ts';

/** A copy of a tree, or of a list of diagnostics, in which every place is what `move` makes of it. */
export function respan<T>(node: T, move: (span: Span) => Span): T {
  if (Array.isArray(node)) return node.map((each) => respan(each, move)) as T;
  if (typeof node !== 'object' || node === null) return node;
  if (isSpan(node)) return move(node) as T;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, respan(value, move)])) as T;
}

function isSpan(node: object): node is Span {
  return 'source' in node && 'start' in node && 'end' in node;
}
