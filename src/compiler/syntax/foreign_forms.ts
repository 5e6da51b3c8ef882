/**
 * Translates the commonest forms of other languages, such as the dashes of YAML and `nn.Linear(…)`, to Tower, so that each is one error. There is one row for each
 * form. It is used only for text that does not parse.
 */
import type { IToken } from 'chevrotain';
import { type LexedText, lex } from '../../../grammar/lexer.ts';
import * as t from '../../../grammar/tokens.ts';
import { type Diagnostic, diagnose } from '../../base/diagnostics/diagnostic.ts';
import { positionAt, type Source, type Span, spanText } from '../../base/text/source.ts';
import type { WordPlace } from '../../base/text/synonyms.ts';
import type { UnreadPart } from './ast.ts';
import { type CallContext, translateCall } from './foreign_calls.ts';
import { reportGroups } from './lexical.ts';
import { beginsLine, depthOf, endOf, is, isAny, madeUp, quote } from './token.ts';

/** The declaration that contains a token. */
interface EnclosingDeclaration {
  readonly word?: IToken;
  /** True after its `{` or `=`. */
  readonly braced: boolean;
  readonly isFormula: boolean;
}

interface ForeignForm {
  /** Matched at the start of a token. */
  readonly pattern: RegExp;
  /** A condition on the surrounding tokens. */
  readonly where?: (tokens: readonly IToken[], at: number, declaration: EnclosingDeclaration) => boolean;
  /** Returns the equivalent in Tower; undefined if the text may mean something else. */
  readonly write: (match: RegExpExecArray) => string | undefined;
  /** Describes Tower's form. */
  readonly rule: string;
}

const beginsEntry = (tokens: readonly IToken[], at: number): boolean =>
  beginsLine(tokens, at) || isAny(tokens[at - 1], [t.LeftBrace, t.Comma]);

const dashRule = 'entries have no dash before them';

const forms: readonly ForeignForm[] = [
  { pattern: /:=(?!=)/y, write: () => '=', rule: 'an entry has one sign' },
  { pattern: /\.[*/]/y, write: ([sign]) => sign[1], rule: 'signs work number by number' },
  {
    pattern: /([A-Za-z_]\w*)\s*(?:\*\*|\^)\s*2(?![\w.])/y,
    write: ([, value]) => `square(${value})`,
    rule: 'a square is a function',
  },
  {
    pattern: /([A-Za-z_]\w*|\d+)\s*>(=?)\s*([A-Za-z_]\w*|\d+)/y,
    where: (_tokens, _at, { word }) => isAny(word, [t.Block, t.Shared]),
    write: ([, left, equal, right]) => `${right} <${equal} ${left}`,
    rule: 'places are compared by `<`, `<=` and `=`',
  },
  { pattern: /--[ \t]+([^\s/][^\n]*)/y, write: ([, text]) => `// ${text}`, rule: 'a comment begins with `//`' },
  {
    pattern: /:\s*(?:number|int(?:eger)?|float|double|real|[iuf]\d\d)\s*(?==)/y,
    where: (tokens, at) => is(tokens[at - 2], t.Let),
    write: () => ' ',
    rule: 'a constant has no type',
  },
  {
    pattern: /-\s+(?=[\p{L}_][\p{L}\p{M}\w]*\s*[:=])/uy,
    where: (tokens, at) => beginsLine(tokens, at),
    write: () => '',
    rule: dashRule,
  },
  {
    pattern: /(?:optional|required|nullable|feature|field|column|const|var)\s+(?=[\p{L}_][\p{L}\p{M}\w]*\s*[:=])/uy,
    where: (tokens, at, { word, braced }) => is(word, t.Features) && braced && beginsEntry(tokens, at),
    write: () => '',
    rule: 'an entry begins with its name, and any value may be missing',
  },
  {
    pattern: /["']([\p{L}_][\p{L}\p{M}\w]*)["'](?=\s*:)/uy,
    where: (tokens, at, { word }) => isAny(word, [t.Features, t.Labels]) && beginsEntry(tokens, at),
    write: ([, name]) => name,
    rule: 'names have no quotes',
  },
];

/** A text with its foreign forms translated, and what could not be. */
interface ForeignReading extends LexedText {
  readonly doubtful: readonly Span[];
  readonly lost: readonly UnreadPart[];
}

/** Returns the tokens with these forms and calls of Python translated; the same object if there are none. */
export function readForeignForms(
  source: Source,
  lexed: LexedText,
  report: (diagnostic: Diagnostic) => void,
): ForeignReading {
  const { text } = source;
  const { tokens } = lexed;
  const readTokens: IToken[] = [];
  const found: Diagnostic[] = [];
  const doubtful: Span[] = [];
  const lost: UnreadPart[] = [];
  const declared = new Set(tokens.flatMap((token, index) => (is(tokens[index - 1], t.Block) ? token.image : [])));
  let declaration: EnclosingDeclaration = { braced: false, isFormula: false };
  let depth = 0;
  let rewrittenUpTo = 0;
  let unknown = lexed.unknown;
  for (const [index, token] of tokens.entries()) {
    const { startOffset } = token;
    if (startOffset < rewrittenUpTo) continue;
    if (is(token, t.Name) && beginsLine(tokens, index) && token.startColumn === 1) {
      declaration = { word: token, braced: false, isFormula: is(token, t.Loss) };
      depth = 0;
    } else if (is(token, t.LeftBrace) || (is(token, t.Equals) && depth === 0))
      declaration = { ...declaration, braced: true };
    else if (is(token, t.Of) && !declaration.braced) declaration = { ...declaration, isFormula: true };
    depth += depthOf(token);
    const foundForm = formAt(text, tokens, index, declaration) ?? callAt(text, tokens, index, declaration, declared);
    if (!foundForm) {
      readTokens.push(token);
      continue;
    }
    const { rule, end, written, isDoubtful } = foundForm;
    depth -= depthOf(token);
    rewrittenUpTo = end;
    const formSpan = { source, start: startOffset, end };
    const facts = { found: quote(spanText(formSpan).trim()), written: written?.trim(), rule };
    const fixes = written === undefined ? [] : [[{ at: formSpan, text: written }]];
    found.push(diagnose('foreign-form', formSpan, facts, { fixes, ...(isDoubtful ? { doubtful: true } : {}) }));
    unknown = unknown.filter((one) => one.startOffset < startOffset || one.startOffset >= end);
    if (written === undefined) {
      doubtful.push(lineOf(formSpan));
      const equals = tokens.findLastIndex((one, at) => at < index && is(one, t.Equals));
      lost.push({ name: tokens[equals - 1]?.image, within: declaration.word?.image });
    }
    readTokens.push(...(written === undefined ? [madeUp(token)] : tokensOf(written, token, formSpan)));
  }
  if (rewrittenUpTo === 0) return { ...lexed, doubtful, lost };
  // A list with dashes is fixed as a whole, or not at all.
  const dashes = found.filter(({ message }) => message.endsWith(dashRule));
  const isWhole = text.match(/^[ \t]*-(?!>)/gm)?.length === dashes.length;
  reportGroups(
    found,
    (one) => (dashes.includes(one) ? isWhole : `${positionAt(source, one.at!.start).line} ${one.fixes.length}`),
    (one) => report(isWhole || !dashes.includes(one) ? one : { ...one, fixes: [] }),
  );
  return { ...lexed, tokens: readTokens, unknown, doubtful, lost };
}

function lineOf({ source, start, end }: Span): Span {
  const lineEnd = source.text.indexOf('\n', end);
  return {
    source,
    start: source.text.lastIndexOf('\n', start) + 1,
    end: lineEnd === -1 ? source.text.length : lineEnd,
  };
}

/** Returns the tokens of a translated form, each where its text is written. */
function tokensOf(written: string, first: IToken, { source, start, end }: Span): readonly IToken[] {
  const used = new Set<number>();
  return lex(written).tokens.map((token) => {
    const word = new RegExp(`(?<!\\w)${token.image.replace(/\W/g, '\\$&')}(?!\\w)`, 'g');
    const places = [...source.text.slice(start, end).matchAll(word)].map(({ index }) => start + index);
    const foundAt = places.find((place) => !used.has(place));
    if (foundAt !== undefined) used.add(foundAt);
    const startOffset = foundAt ?? start;
    const endOffset = foundAt === undefined ? end - 1 : foundAt + token.image.length - 1;
    const place = { startOffset, endOffset, startLine: first.startLine!, startColumn: first.startColumn! };
    return { ...token, ...place, endLine: first.endLine! };
  });
}

interface FoundForm {
  readonly rule: string;
  readonly end: number;
  readonly written: string | undefined;
  readonly isDoubtful?: boolean;
}

function formAt(
  text: string,
  tokens: readonly IToken[],
  at: number,
  declaration: EnclosingDeclaration,
): FoundForm | undefined {
  for (const form of forms) {
    if (form.where?.(tokens, at, declaration) === false) continue;
    form.pattern.lastIndex = tokens[at]!.startOffset;
    const match = form.pattern.exec(text);
    const written = match ? form.write(match) : undefined;
    if (match && written !== undefined) return { rule: form.rule, end: form.pattern.lastIndex, written };
  }
  return undefined;
}

const placesIn: Readonly<Record<string, readonly WordPlace[]>> = {
  Features: ['feature'],
  Task: ['score', 'loss'],
  Train: ['optimizer', 'metric'],
  Tower: ['block'],
  Block: ['block', 'function'],
  Shared: ['block', 'function'],
  Loss: ['function'],
};

function callAt(
  text: string,
  tokens: readonly IToken[],
  at: number,
  { word, braced, isFormula }: EnclosingDeclaration,
  declared: ReadonlySet<string>,
): FoundForm | undefined {
  const places = placesIn[word?.tokenType.name ?? ''];
  if (!places || !braced || !isAny(tokens[at], [t.Name, t.LeftParenthesis]) || is(tokens[at - 1], t.Dot))
    return undefined;
  const context: CallContext = { places, isFormula, isDeclared: (name) => declared.has(name) };
  const call = translateCall(text, tokens, at, context);
  return call && { ...call, end: endOf(tokens[at + call.length - 1]!), isDoubtful: call.doubtful };
}
