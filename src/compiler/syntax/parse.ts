import type { IToken } from 'chevrotain';
import { lex } from '../../../grammar/lexer.ts';
import * as t from '../../../grammar/tokens.ts';
import { type Diagnostic, diagnose, type Outcome, sortDiagnostics } from '../../base/diagnostics/diagnostic.ts';
import type { Source } from '../../base/text/source.ts';
import { appendToList } from '../../base/util/objects.ts';
import type { BodyEntryNode, DeclarationNode, FileNode } from './ast.ts';
import { readForeignForms } from './foreign_forms.ts';
import { reportLexicalErrors } from './lexical.ts';
import { readStrictly } from './parsers.ts';
import { DiagnosticCollector, type RecoveredFile, Recovery } from './recover.ts';
import { byType, depthOf, firstFrom, spanOf } from './token.ts';

/**
 * Parses a text to its tree. Never throws: the tree has everything that could be parsed, and every error has a diagnostic, up to a limit that is
 * reported.
 */
export function parse(source: Source): Outcome<FileNode> {
  const span = { source, start: 0, end: source.text.length };
  const notReadable = notText(source) ?? conflict(source);
  if (notReadable) return { output: { kind: 'File', span, declarations: [] }, diagnostics: [notReadable] };

  const collector = new DiagnosticCollector(source);
  const lexedAsWritten = lex(source.text);
  // A text that is nested too deeply is not parsed at all.
  const tokensAsWritten = withinLimits(source, lexedAsWritten.tokens, () => {});
  const docsAsWritten = docsAbove(tokensAsWritten, lexedAsWritten.comments);
  const asWritten =
    tokensAsWritten === lexedAsWritten.tokens && !dashComment.test(source.text) && lexedAsWritten.unknown.length === 0
      ? readStrictly('file', source, tokensAsWritten, docsAsWritten.text)
      : undefined;
  const lexed =
    asWritten && 'tree' in asWritten
      ? { ...lexedAsWritten, doubtful: [], lost: [] }
      : readForeignForms(source, lexedAsWritten, collector.report);
  reportLexicalErrors(source, lexed, collector.report);
  if (lexed.tokens.length === 0 && collector.diagnostics.length === 0) {
    collector.report(diagnose('empty-file', { source, start: 0, end: 0 }, {}));
  }
  const tokens = withinLimits(source, lexed.tokens, collector.report);
  const isAsWritten = asWritten && tokens === lexedAsWritten.tokens;
  const docs = isAsWritten ? docsAsWritten : docsAbove(tokens, lexed.comments);
  const reading = isAsWritten ? asWritten : readStrictly('file', source, tokens, docs.text);
  const { declarations, lost, doubtful }: RecoveredFile =
    'tree' in reading
      ? { declarations: reading.tree, lost: [], doubtful: [] }
      : new Recovery(source, docs.text, collector, tokens).read();
  const malformedNames = tokens.filter(({ tokenType }) => tokenType === t.ForeignName);
  doubtful.push(...malformedNames.map((token) => spanOf(source, token)), ...lexed.doubtful);
  if (malformedNames.length > 0) lost.push({});
  lost.push(...lexed.lost);
  const output: FileNode = {
    kind: 'File',
    span,
    declarations,
    ...(lost.length > 0 ? { lost } : {}),
    ...(doubtful.length > 0 ? { doubtful } : {}),
  };
  for (const stray of strayDocs(source, docs, output)) collector.report(stray);
  return { output, diagnostics: sortDiagnostics(collector.diagnostics) };
}

/** A comment of SQL, which would be read as two signs. */
const dashComment = /(?:^|[ \t])--[ \t]+[^\s/]/m;

/** Reports a file that is not text once, instead of thousands of times. */
function notText(source: Source): Diagnostic | undefined {
  const zeroIndex = source.text.indexOf('\0');
  if (zeroIndex !== -1)
    return diagnose('not-text', { source, start: zeroIndex, end: zeroIndex + 1 }, { found: 'a zero byte' });
  const brokenCharacters = source.text.match(/\uFFFD/g)?.length ?? 0;
  if (brokenCharacters <= 10 || brokenCharacters * 20 <= source.text.length) return undefined;
  const firstBroken = source.text.indexOf('\uFFFD');
  return diagnose(
    'not-text',
    { source, start: firstBroken, end: firstBroken + 1 },
    { found: 'bytes that are not UTF-8' },
  );
}

/** Reports an unresolved merge, because a text with both sides has the meaning of neither. */
function conflict(source: Source): Diagnostic | undefined {
  const conflictStart = /^<{7}(?= |\r?$)/m.exec(source.text)?.index;
  if (conflictStart === undefined || !/^>{7}(?= |\r?$)/m.test(source.text)) return undefined;
  return diagnose('merge-conflict', { source, start: conflictStart, end: conflictStart + 7 }, {});
}

// Limits on the nesting of a text, so that no later stage overflows the stack.

const deepest = 64;
/** Maximum tokens of a file: more than any handwritten model has, but few enough not to take minutes. */
const most = 250_000;
/** Maximum number of operators in one expression, because each makes the tree one level deeper. */
const longest = 256;

const isOperator = byType((type) => [t.Plus, t.Minus, t.Times, t.Divide, t.Inner].includes(type));
const isSeparator = byType((type) => [t.Comma, t.Equals, t.Colon, t.Arrow].includes(type));

/** Returns the tokens without those that are nested too deeply; the same array if there are none. */
function withinLimits(
  source: Source,
  tokens: readonly IToken[],
  report: (diagnostic: Diagnostic) => void,
): readonly IToken[] {
  if (tokens.length > most) {
    report(diagnose('too-long', spanOf(source, tokens[most]!), { limit: most }));
    // Cuts at a declaration, because half of one would be reported as an error.
    let cutIndex = most;
    while (cutIndex > 0 && tokens[cutIndex]!.startColumn !== 1) cutIndex--;
    return withinLimits(source, tokens.slice(0, cutIndex === 0 ? most : cutIndex), report);
  }
  /** Number of operators so far in the expression of each open bracket. */
  const operatorCounts = [0];
  const droppedTokens = new Set<IToken>();
  let isReported = false;
  const reportOnce = (token: IToken, what: string, limit: number) => {
    if (!isReported) report(diagnose('too-deep', spanOf(source, token), { what, limit }));
    isReported = true;
  };
  for (const token of tokens) {
    const typeIndex = token.tokenTypeIdx;
    const depthChange = depthOf(token);
    if (depthChange < 0 && operatorCounts.length > 1) {
      if (operatorCounts.length > deepest + 1) droppedTokens.add(token);
      operatorCounts.pop();
      continue;
    }
    if (depthChange > 0) {
      operatorCounts.push(0);
      if (operatorCounts.length > deepest + 1) reportOnce(token, 'brackets within brackets,', deepest);
    } else if (isSeparator[typeIndex]) operatorCounts[operatorCounts.length - 1] = 0;
    else if (isOperator[typeIndex] && ++operatorCounts[operatorCounts.length - 1]! > longest) {
      reportOnce(token, 'operators in one expression,', longest);
    }
    if (operatorCounts.length > deepest + 1 || operatorCounts[operatorCounts.length - 1]! > longest)
      droppedTokens.add(token);
    else isReported = false;
  }
  return droppedTokens.size === 0 ? tokens : tokens.filter((token) => !droppedTokens.has(token));
}

// The `///` comments of a file, by the token below each.

interface DocComments {
  /** Lines of documentation without their slashes, by the offset of the next token. */
  readonly text: ReadonlyMap<number, string>;
  /** Documentation comments by the offset of the next token. */
  readonly comments: ReadonlyMap<number, readonly IToken[]>;
  /** Comments that no token follows. */
  readonly trailing: readonly IToken[];
  /** Comments that end the line of a token. */
  readonly inLine: ReadonlySet<IToken>;
}

/** Assigns each run of `///` lines to the token below it. */
function docsAbove(tokens: readonly IToken[], comments: readonly IToken[]): DocComments {
  const commentsByOffset = new Map<number, IToken[]>();
  const trailing: IToken[] = [];
  const inLine = new Set<IToken>();
  for (const comment of comments) {
    if (!comment.image.startsWith('///')) continue;
    const nextIndex = firstFrom(tokens, comment.startOffset);
    if (tokens[nextIndex - 1]?.endLine === comment.startLine) inLine.add(comment);
    const offsetBelow = tokens[nextIndex]?.startOffset;
    if (offsetBelow === undefined) trailing.push(comment);
    else appendToList(commentsByOffset, offsetBelow, comment);
  }
  const docTexts = new Map(
    [...commentsByOffset].map(([at, lines]) => [at, lines.map((line) => strip(line.image)).join('\n')]),
  );
  return { text: docTexts, comments: commentsByOffset, trailing, inLine };
}

function strip(image: string): string {
  return image.slice(3).replace(/^ /, '').trimEnd();
}

/** Returns warnings for `///` comments that belong to no declaration or entry, and for those that seem to belong to another. */
function strayDocs(source: Source, docs: DocComments, file: FileNode): Diagnostic[] {
  const documentedOffsets = new Set<number>();
  for (const declaration of file.declarations) addHomes(declaration, documentedOffsets);
  const endOfDeclarations = file.declarations.at(-1)?.span.end ?? 0;
  const readableComments = [...docs.comments]
    // Between declarations, a comment may be stray only because the parser skipped text after a syntax error.
    .filter(([below]) => file.declarations.some(({ span }) => span.start <= below && below < span.end));
  const strayComments = readableComments.flatMap(([below, comments]) =>
    documentedOffsets.has(below) ? comments.filter((comment) => docs.inLine.has(comment)) : comments,
  );
  const allStrays = [...strayComments, ...docs.trailing.filter((comment) => comment.startOffset >= endOfDeclarations)];
  return allStrays.map((comment) => {
    const commentSpan = spanOf(source, comment);
    const firstSlash = { source, start: commentSpan.start, end: commentSpan.start + 1 };
    const commentFacts = { inLine: docs.inLine.has(comment) };
    return diagnose('stray-description', commentSpan, commentFacts, { fixes: [[{ at: firstSlash, text: '' }]] });
  });
}

/** Adds to `homes` the offset of each node that has a description. */
function addHomes(node: BodyEntryNode | DeclarationNode, homes: Set<number>): void {
  if (node.doc !== undefined) homes.add(node.span.start);
  const entries = 'entries' in node ? node.entries : 'formula' in node ? (node.formula?.entries ?? []) : [];
  for (const entry of entries) addHomes(entry, homes);
}
