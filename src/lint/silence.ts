/** The comment that silences a warning, above the line of the warning. The user writes the reason. */
import type { Diagnostic, Edit } from '../diagnostics/diagnostic.ts';
import { indentOf, positionAt } from '../text/source.ts';
import { aboutIgnores } from './ignores.ts';

/** Nothing for an error, and for a warning about such a comment: no comment silences these. */
export function silenceOf({ severity, code, at }: Diagnostic): Edit | undefined {
  if (severity === 'error' || aboutIgnores.has(code) || at === undefined) return undefined;
  const { source } = at;
  const { line } = positionAt(source, at.start);
  const start = source.lineStarts[line - 1]!;
  const lineEnd = /\r?\n/.exec(source.text)?.[0] ?? '\n';
  return { at: { source, start, end: start }, text: `${indentOf(source, line)}// tower-ignore ${code}: ${lineEnd}` };
}
