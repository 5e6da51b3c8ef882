/** The comment that silences a warning, above the line that it stands on. Its reason is left to whoever wants the silence. */
import type { Diagnostic, Edit } from '../diagnostics/diagnostic.ts';
import { indentOf, positionAt } from '../text/source.ts';
import { aboutIgnores } from './ignores.ts';

/** Nothing for what no comment silences: an error, and a mistake of such a comment. */
export function silenceOf({ severity, code, at }: Diagnostic): Edit | undefined {
  if (severity === 'error' || aboutIgnores.has(code) || at === undefined) return undefined;
  const { source } = at;
  const { line } = positionAt(source, at.start);
  const start = source.lineStarts[line - 1]!;
  const lineEnd = /\r?\n/.exec(source.text)?.[0] ?? '\n';
  return { at: { source, start, end: start }, text: `${indentOf(source, line)}// tower-ignore ${code}: ${lineEnd}` };
}
