/** Completes what may be written at an offset. */
import { codes } from '../../base/diagnostics/codes.ts';
import type { Span } from '../../base/text/source.ts';
import { aboutIgnores } from '../../compiler/lint/ignores.ts';
import { endOf } from '../../compiler/syntax/token.ts';
import {
  type Completion,
  CompletionContext,
  type CompletionSurroundings,
  declarationSnippets,
} from './completion/context.ts';
import { argumentsAt, valueCompletions } from './completion/values.ts';
import { entriesAt, headerAt, textCompletions } from './completion/words.ts';
import { cursorAt, type EditorCursor } from './cursor.ts';
import type { FileAnalysis } from './file_analysis.ts';

interface Completions {
  /** The text that an item replaces. */
  readonly span: Span;
  readonly items: readonly Completion[];
}

export function completionsAt(facts: FileAnalysis, offset: number, around: CompletionSurroundings = {}): Completions {
  const place = cursorAt(facts, offset);
  if (!place) {
    const { start, items } = ignoresAt(facts, offset) ?? { start: offset, items: [] };
    return { span: { source: facts.source, start, end: offset }, items };
  }
  const start = place.text?.start ?? place.start;
  const span = { source: facts.source, start, end: place.text ? place.text.end : offset };
  return { span, items: itemsAt(facts, place, around) };
}

function itemsAt(facts: FileAnalysis, place: EditorCursor, around: CompletionSurroundings): readonly Completion[] {
  const { text, declaration, body, value, calls } = place;
  if (!declaration) return text ? [] : declarationSnippets;
  const here = new CompletionContext(facts, { ...place, declaration }, around);
  if (text) return textCompletions(here);
  if (!value) return body ? entriesAt(here) : headerAt(here);
  const call = calls.at(-1);
  return call ? argumentsAt(here, call, calls.slice(0, -1)) : valueCompletions(here);
}

/** The typed part of a code, and the codes that fit; nothing elsewhere. */
function ignoresAt(
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
