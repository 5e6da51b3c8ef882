import type { File } from '../../syntax/ast.ts';
import { positionAt, type Span } from '../../text/source.ts';

/** The tree as JSON; each span is `line:column–line:column`. */
export function printAst(file: File): string {
  return JSON.stringify(
    file,
    (key, value) =>
      key === 'span' ? place(value as Span) : key === 'kind' && value === 'Identifier' ? undefined : value,
    2,
  );
}

function place({ source, start, end }: Span): string {
  const [from, to] = [positionAt(source, start), positionAt(source, end)];
  return `${from.line}:${from.column}–${to.line}:${to.column}`;
}
