import type { CstNode } from 'chevrotain';
import { TowerParser } from '../../grammar/parser.ts';
import { type Diagnostic, diagnose, type Outcome } from '../diagnostics/diagnostic.ts';
import type { Source } from '../text/source.ts';
import type { File } from './ast.ts';
import { Builder } from './build.ts';
import { docsAbove } from './docs.ts';
import { lex } from './lex.ts';

let parser: TowerParser | undefined;

/** Text into its tree. Never throws; the tree holds whatever could be read. */
export function parse(source: Source): Outcome<File> {
  const lexed = lex(source.text);
  const docs = docsAbove(lexed.tokens, lexed.comments);
  parser ??= new TowerParser();
  parser.input = lexed.tokens;
  const tree = parser.file();
  const builder = new Builder(source, docs.text);
  const diagnostics: Diagnostic[] = parser.errors.map((error) =>
    diagnose(
      'unexpected-text',
      { source, start: error.token.startOffset || 0, end: (error.token.endOffset || 0) + 1 },
      { found: error.token.image, expected: error.message },
    ),
  );
  const declarations = ((tree.children.declaration ?? []) as CstNode[])
    .map((node) => builder.declaration(node))
    .filter((node) => node !== undefined);
  return {
    output: { kind: 'File', span: { source, start: 0, end: source.text.length }, declarations },
    diagnostics,
  };
}
