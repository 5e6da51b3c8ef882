/** Lists what fixes an error: the fixes that its diagnostic carries, in words; for a warning also the comment that silences it. */
import type { Diagnostic, Edit } from '../../base/diagnostics/diagnostic.ts';
import { textOf } from '../../base/text/source.ts';
import { silenceOf } from '../../compiler/lint/ignores.ts';

export interface Action {
  readonly title: string;
  readonly diagnostic: Diagnostic;
  readonly edits: readonly Edit[];
  /** The only fix of its diagnostic, and no guess. */
  readonly preferred: boolean;
}

/** Returns the actions for the diagnostics that touch a range of text. */
export function actionsFor(
  diagnostics: readonly Diagnostic[],
  file: string,
  start: number,
  end: number,
): readonly Action[] {
  return diagnostics
    .filter(({ at }) => at !== undefined && at.source.name === file && at.start <= end && at.end >= start)
    .flatMap((diagnostic) => [...fixesOf(diagnostic), ...silences(diagnostic)]);
}

const fixesOf = (diagnostic: Diagnostic): readonly Action[] =>
  diagnostic.fixes.map((edits, at) => {
    const preferred = at === 0 && diagnostic.fixes.length === 1 && diagnostic.doubtful !== true;
    return { title: titleOf(edits), diagnostic, edits, preferred };
  });

function silences(diagnostic: Diagnostic): readonly Action[] {
  const edit = silenceOf(diagnostic);
  if (!edit) return [];
  return [{ title: `Ignore \`${diagnostic.code}\` here, with a reason`, diagnostic, edits: [edit], preferred: false }];
}

function titleOf(edits: readonly Edit[]): string {
  const [first] = edits;
  if (!first) return 'Fix';
  const before = quote(textOf(first.at));
  const after = quote(first.text);
  const more =
    edits.length === 1 ? '' : edits.every(({ text }) => text === first.text) ? ` in ${edits.length} places` : ' …';
  if (first.text === '') return `Remove ${before}${more}`;
  return first.at.start === first.at.end ? `Add ${after}${more}` : `Change ${before} to ${after}${more}`;
}

function quote(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  return `\`${line.length > 40 ? `${line.slice(0, 40)}…` : line}\``;
}
