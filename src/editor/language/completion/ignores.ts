/** In a comment that silences a warning: the codes that it may name, those that the file has first. */
import { codes } from '../../../base/diagnostics/codes.ts';
import { aboutIgnores } from '../../../compiler/lint/ignores.ts';
import { endOf } from '../../../compiler/syntax/token.ts';
import type { FileAnalysis } from '../file_analysis.ts';
import type { Completion } from './item.ts';

/** The typed part of a code, and the codes that fit; nothing elsewhere. */
export function ignoresAt(
  { checked, lexed, source }: FileAnalysis,
  offset: number,
): { readonly start: number; readonly items: readonly Completion[] } | undefined {
  const comment = lexed.comments.find((one) => one.startOffset < offset && offset <= endOf(one));
  const typed = comment && /^\/\/\s*tower-ignore\s+([a-z-]*)$/.exec(source.text.slice(comment.startOffset, offset));
  if (!typed) return undefined;
  const found = checked.diagnostics.filter(({ severity }) => severity === 'warning').map(({ code }) => code);
  const silenced = [...new Set([...found, ...warnings])].filter((code) => !aboutIgnores.has(code));
  return {
    start: offset - typed[1]!.length,
    items: silenced.map((label) => ({ label, kind: 'word', insert: `${label}: ` })),
  };
}

const warnings = (Object.keys(codes) as (keyof typeof codes)[]).filter((code) => codes[code].severity === 'warning');
