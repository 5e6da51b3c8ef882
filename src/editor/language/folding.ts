/** What can be folded: bodies, lists and calls over several lines, and runs of comments. */
import { positionAt } from '../../base/text/source.ts';
import { depthOf } from '../../compiler/syntax/token.ts';
import type { FileAnalysis } from './file_analysis.ts';

export interface Fold {
  /** Lines from 1, both inclusive. */
  readonly start: number;
  readonly end: number;
  readonly comment: boolean;
}

export function foldsOf({ lexed, source }: FileAnalysis): readonly Fold[] {
  const folds: Fold[] = [];
  const open: number[] = [];
  for (const token of lexed.tokens) {
    const deeper = depthOf(token);
    if (deeper === 0) continue;
    const { line } = positionAt(source, token.startOffset);
    if (deeper > 0) open.push(line);
    else {
      const start = open.pop();
      // The closing bracket's line stays in sight.
      if (start !== undefined && line - 1 > start) folds.push({ start, end: line - 1, comment: false });
    }
  }
  let run: { start: number; end: number } | undefined;
  const close = (): void => {
    if (run && run.end > run.start) folds.push({ ...run, comment: true });
  };
  for (const { startOffset } of lexed.comments) {
    const { line } = positionAt(source, startOffset);
    const alone = /^\s*$/.test(source.text.slice(source.lineStarts[line - 1], startOffset));
    if (!alone) continue;
    if (run && line === run.end + 1) run.end = line;
    else {
      close();
      run = { start: line, end: line };
    }
  }
  close();
  return folds.sort((a, b) => a.start - b.start || b.end - a.end);
}
