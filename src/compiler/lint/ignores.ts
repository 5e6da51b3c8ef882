/** Implements `// tower-ignore CODE: reason`, which silences warnings of one code on its own line, or on the next line if it is alone on its own. */
import { lex } from '../../../grammar/lexer.ts';
import { type Code, codes, findCode } from '../../base/diagnostics/codes.ts';
import { type Diagnostic, diagnose, type Edit, hasErrors } from '../../base/diagnostics/diagnostic.ts';
import { findNearestName } from '../../base/text/nearest.ts';
import { indentationOf, lineAt, positionAt, type Source, type Span } from '../../base/text/source.ts';
import type * as Ast from '../syntax/ast.ts';
import { parse } from '../syntax/parse.ts';
import { writing } from '../syntax/token.ts';

const word = 'tower-ignore';
/** Any text before the colon counts as the code, so that an unknown code is reported. */
const form = /^\/\/(?!\/)\s*tower-ignore(?![\w-])\s*([^:]*)(?::(.*))?$/;

/** Warnings about ignores themselves, which no ignore can silence. */
export const aboutIgnores: ReadonlySet<Code> = new Set<Code>([
  'ignore-without-reason',
  'ignore-unknown-code',
  'ignore-of-error',
  'unused-ignore',
]);

interface IgnoreComment {
  /** The whole comment. */
  readonly span: Span;
  /** The code as written; empty if the comment names none. */
  readonly code: string;
  readonly codeSpan: Span;
  readonly reason: string;
  /** The first and the last line that the comment covers. */
  readonly lines: readonly [number, number];
}

/**
 * Returns the diagnostics of a file and its imports without those that an ignore silences, and with warnings about the ignores of the file itself: no reason,
 * an unknown or former code, the code of an error, nothing to silence. Errors are never silenced.
 * @param judged returns false for a code whose rule could not run, so that its warnings are unknown
 */
export function applyIgnores(
  file: Ast.FileNode,
  found: readonly Diagnostic[],
  judged: (code: Code) => boolean = () => true,
): Diagnostic[] {
  const { source } = file.span;
  const { remaining, used, ignoresOf } = silence(found, file);
  const hasNoErrors = !hasErrors(found);
  return [...remaining, ...ignoresOf(source).flatMap((ignore) => mistakeOf(ignore, used, hasNoErrors, judged) ?? [])];
}

/** Returns the diagnostics of data, which are found after those of the file, without those that an ignore silences. */
export const withoutIgnored = (found: readonly Diagnostic[]): readonly Diagnostic[] => silence(found).remaining;

/** @param file of a source that is already parsed */
function silence(found: readonly Diagnostic[], file?: Ast.FileNode) {
  const bySource = new Map<Source, readonly IgnoreComment[]>();
  const ignoresOf = (one: Source): readonly IgnoreComment[] => {
    if (!bySource.has(one)) bySource.set(one, readIgnores(one, one === file?.span.source ? file : undefined));
    return bySource.get(one)!;
  };
  const used = new Set<IgnoreComment>();
  const remaining = found.filter(({ severity, code, at }) => {
    if (severity === 'error' || at === undefined) return true;
    const { line } = positionAt(at.source, at.start);
    const silencingIgnores = ignoresOf(at.source).filter(
      (ignore) => ignore.code === code && ignore.lines[0] <= line && line <= ignore.lines[1],
    );
    for (const ignore of silencingIgnores) used.add(ignore);
    return silencingIgnores.length === 0;
  });
  return { remaining, used, ignoresOf };
}

function mistakeOf(
  ignore: IgnoreComment,
  used: ReadonlySet<IgnoreComment>,
  whole: boolean,
  judged: (code: Code) => boolean,
): Diagnostic | undefined {
  const { codeSpan, reason, span } = ignore;
  const code = findCode(ignore.code);
  if (code === undefined) {
    const likelyCode = findNearestName(ignore.code, Object.keys(codes));
    const fix = likelyCode && writing(codeSpan, likelyCode.name);
    const facts = { code: ignore.code, nearest: likelyCode?.name };
    return diagnose('ignore-unknown-code', codeSpan, facts, { ...fix, doubtful: likelyCode?.sure === false });
  }
  const removalFix = { fixes: [[removal(span)]] };
  if (codes[code].severity === 'error') return diagnose('ignore-of-error', span, { code }, removalFix);
  if (whole && judged(code) && !used.has(ignore)) return diagnose('unused-ignore', span, { code }, removalFix);
  return reason === '' ? diagnose('ignore-without-reason', span, { code }) : undefined;
}

function readIgnores(source: Source, known: Ast.FileNode | undefined): readonly IgnoreComment[] {
  if (!source.text.includes(word)) return [];
  const { tokens, comments } = lex(source.text);
  const file = known ?? parse(source).output;
  const lineRanges = logicalLines(file);
  return comments.flatMap((comment): IgnoreComment[] => {
    const match = form.exec(comment.image.trimEnd());
    if (!match) return [];
    const commentStart = comment.startOffset;
    const span = { source, start: commentStart, end: commentStart + comment.image.trimEnd().length };
    const code = match[1]!.trim();
    const wordEnd = commentStart + comment.image.indexOf(word) + word.length;
    const codeStart = code === '' ? wordEnd : source.text.indexOf(code, wordEnd);
    const commentLine = comment.startLine!;
    const isTrailing = tokens.some((token) => token.endLine === commentLine && token.startOffset < commentStart);
    // Comments between the ignore and the next token do not count.
    const targetLine = isTrailing
      ? commentLine
      : (tokens.find((token) => token.startOffset > commentStart)?.startLine ?? source.lineStarts.length);
    const wholeLines = lineRanges.find(([from, to]) => from <= targetLine && targetLine <= to);
    const [first, last] = wholeLines ?? [targetLine, targetLine];
    const codeSpan = { source, start: codeStart, end: codeStart + code.length };
    const reason = match[2]?.trim() ?? '';
    return [{ span, code, codeSpan, reason, lines: [isTrailing ? first : commentLine, last] }];
  });
}

/** Returns the lines of each multi-line entry, and of each multi-line declaration without a body. An ignore covers all of them. */
function logicalLines({ declarations }: Ast.FileNode): (readonly [number, number])[] {
  const lineRanges: (readonly [number, number])[] = [];
  const visit = (node: Ast.BodyEntryNode | Ast.DeclarationNode): void => {
    if ('entries' in node) {
      for (const entry of node.entries) visit(entry);
      return;
    }
    const { source, start, end } = node.span;
    const [first, last] = [positionAt(source, start).line, positionAt(source, end).line];
    if (last > first) lineRanges.push([first, last]);
  };
  for (const declaration of declarations) visit(declaration);
  return lineRanges;
}

/** Removes a comment: with its line if nothing else is on it, otherwise with the blanks in front of it. */
function removal({ source, start, end }: Span): Edit {
  const { line } = positionAt(source, start);
  const textBefore = source.text.slice(source.lineStarts[line - 1], start);
  if (textBefore.trim() === '' && lineAt(source, line).trim() !== '') {
    const nextLineStart = source.lineStarts[line] ?? source.text.length;
    return { at: { source, start: source.lineStarts[line - 1]!, end: nextLineStart }, text: '' };
  }
  return { at: { source, start: start - (textBefore.length - textBefore.trimEnd().length), end }, text: '' };
}

/** Returns an edit that inserts an ignore above the line of a warning; undefined for an error, and for a warning about an ignore. */
export function silenceOf({ severity, code, at }: Diagnostic): Edit | undefined {
  if (severity === 'error' || aboutIgnores.has(code) || at === undefined) return undefined;
  const { source } = at;
  const { line } = positionAt(source, at.start);
  const lineStart = source.lineStarts[line - 1]!;
  const lineEnd = /\r?\n/.exec(source.text)?.[0] ?? '\n';
  return {
    at: { source, start: lineStart, end: lineStart },
    text: `${indentationOf(source, line)}// tower-ignore ${code}: ${lineEnd}`,
  };
}
