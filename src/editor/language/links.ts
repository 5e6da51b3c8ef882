/** Paths that a file names: of files it uses, and of its data. */
import type { Span } from '../../base/text/source.ts';
import { typeOfEntry } from '../../compiler/library/declarations/table.ts';
import type * as Ast from '../../compiler/syntax/ast.ts';

export interface Link {
  /** Of the text, within its quotes. */
  readonly span: Span;
  /** As it is written: from the folder of the file. */
  readonly path: string;
  readonly to: 'tower' | 'data';
}

export function linksOf({ declarations }: Ast.FileNode): readonly Link[] {
  return declarations.flatMap((node): Link[] => {
    if (node.kind === 'Use') return [link(node.path, 'tower')];
    if (node.kind !== 'Data') return [];
    return node.entries.flatMap((entry) => {
      if (entry.kind === 'Columns') return [];
      const isFile = typeOfEntry('data', entry.name.name)?.is === 'file';
      const { value } = entry;
      const isCall = value.kind === 'Call' && (isFile || value.callee.name === 'files');
      const values = isCall ? value.arguments.map((argument) => argument.value) : isFile ? [value] : [];
      // A pattern names many files, and so none.
      return values.flatMap((text) =>
        text.kind === 'Text' && !/[*?[\]{}]/.test(text.value) ? [link(text, 'data')] : [],
      );
    });
  });
}

function link({ span, value }: Ast.TextNode, to: Link['to']): Link {
  return { span: { ...span, start: span.start + 1, end: Math.max(span.start + 1, span.end - 1) }, path: value, to };
}
