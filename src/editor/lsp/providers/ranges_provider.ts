/** Answers what can be folded, and which ranges a selection expands to. */
import { type FoldingRange, FoldingRangeKind, type SelectionRange } from 'vscode-languageserver';
import { positionAt, type Span } from '../../../base/text/source.ts';
import type * as Ast from '../../../compiler/syntax/ast.ts';
import { depthOf } from '../../../compiler/syntax/token.ts';
import type { FileAnalysis } from '../../language/file_analysis.ts';
import { aboutDocument, type Provider, toOffset, toRange } from '../provider.ts';

export const folding: Provider = {
  capabilities: { foldingRangeProvider: true },
  register(connection, session) {
    connection.onFoldingRanges(aboutDocument(session, foldingRanges));
  },
};

export function foldingRanges({ lexed, source }: FileAnalysis): FoldingRange[] {
  const folds: FoldingRange[] = [];
  /** Lines from 1, both inclusive. */
  const fold = (start: number, end: number, kind?: FoldingRangeKind): void => {
    if (end > start) folds.push({ startLine: start - 1, endLine: end - 1, kind });
  };
  const openLines: number[] = [];
  for (const token of lexed.tokens) {
    const depthChange = depthOf(token);
    if (depthChange === 0) continue;
    const { line } = positionAt(source, token.startOffset);
    if (depthChange > 0) openLines.push(line);
    else {
      const foldStart = openLines.pop();
      // The line of the closing bracket stays visible.
      if (foldStart !== undefined) fold(foldStart, line - 1);
    }
  }
  let commentRun: { start: number; end: number } | undefined;
  const closeRun = (): void => {
    if (commentRun) fold(commentRun.start, commentRun.end, FoldingRangeKind.Comment);
  };
  for (const { startOffset } of lexed.comments) {
    const { line } = positionAt(source, startOffset);
    const isAlone = /^\s*$/.test(source.text.slice(source.lineStarts[line - 1], startOffset));
    if (!isAlone) continue;
    if (commentRun && line === commentRun.end + 1) commentRun.end = line;
    else {
      closeRun();
      commentRun = { start: line, end: line };
    }
  }
  closeRun();
  return folds.sort((a, b) => a.startLine - b.startLine || b.endLine - a.endLine);
}

export const selection: Provider = {
  capabilities: { selectionRangeProvider: true },
  register(connection, session) {
    connection.onSelectionRanges(
      aboutDocument(session, ({ checked, source }, { positions }) =>
        positions.map((position) => {
          const spansAround = selectionsAt(checked.file, toOffset(source, position));
          const selectionRange = spansAround.reduceRight<SelectionRange | undefined>(
            (parent, span) => ({ range: toRange(span), parent }),
            undefined,
          );
          return selectionRange ?? { range: { start: position, end: position } };
        }),
      ),
    );
  },
};

export function selectionsAt(file: Ast.FileNode, offset: number): readonly Span[] {
  const spansAround: Span[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const one of value) visit(one);
    else if (isNode(value) && value.span.start <= offset && offset <= value.span.end) {
      const innerSpan = spansAround.at(-1);
      // If two are adjacent at the offset, the first is kept.
      const isWithinInner = !innerSpan || (innerSpan.start <= value.span.start && value.span.end <= innerSpan.end);
      if (!isWithinInner) return;
      if (!innerSpan || innerSpan.start !== value.span.start || innerSpan.end !== value.span.end)
        spansAround.push(value.span);
      for (const part of Object.values(value)) visit(part);
    }
  };
  visit(file);
  return spansAround.toReversed();
}

const isNode = (value: unknown): value is { readonly span: Span } =>
  typeof value === 'object' && value !== null && 'span' in value;
