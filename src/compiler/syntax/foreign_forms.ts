/**
 * Translates the commonest forms of other languages, such as the dashes of YAML and `nn.Linear(…)`, to Tower, so that each is one error. There is one row for each
 * form. It is used only for text that does not parse.
 */
import type { IToken } from 'chevrotain';
import { type LexedText, lex } from '../../../grammar/lexer.ts';
import * as t from '../../../grammar/tokens.ts';
import { type Diagnostic, diagnose } from '../../base/diagnostics/diagnostic.ts';
import { findNearestName } from '../../base/text/nearest.ts';
import { type Source, type Span, spanText } from '../../base/text/source.ts';
import { meaningOf } from '../../base/text/synonyms.ts';
import { knownCalls } from './known_calls.ts';
import { declarationWords } from './layout.ts';
import { reportGroups } from './lexical.ts';
import { beginsLine, is, isAny, quote } from './token.ts';

/** The declaration that contains a token. */
interface EnclosingDeclaration {
  readonly word?: IToken;
  readonly braced: boolean;
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
  /** Set if the fix may change the meaning. */
  readonly doubtful?: true;
}

const beginsEntry = (tokens: readonly IToken[], at: number): boolean =>
  beginsLine(tokens, at) || isAny(tokens[at - 1], [t.LeftBrace, t.Comma]);

const calls = [...knownCalls.keys()];

/** Translates `Linear`, `ReLU`, `CrossEntropyLoss` to a call of Tower; returns other words unchanged. */
function callOf(word: string): string {
  const nearestCall = findNearestName(word.toLowerCase(), calls);
  const meantCalls = (['block', 'loss', 'optimizer'] as const).flatMap(
    (place) => meaningOf(word, place, calls)?.write ?? [],
  );
  return nearestCall?.name.replaceAll('_', '') === word.toLowerCase().replaceAll('_', '')
    ? nearestCall.name
    : (meantCalls.find((one) => calls.includes(one)) ?? word);
}

const dashRule = 'entries have no dash before them';

const forms: readonly ForeignForm[] = [
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
    pattern:
      /(?:[A-Za-z_]\w*\.){0,4}(?:cat|concat|concatenate|Concatenate|h?stack)\(\s*\[([\w.,\s]+)\]\s*(?:,\s*(?:dim|axis)\s*[=:]\s*-?\d+\s*)?\)/y,
    where: (_tokens, _at, { word }) => isAny(word, [t.Tower, t.Block, t.Shared]),
    write: ([, values]) => `concat(${values!.trim()})`,
    rule: 'the values of a block stand in its parentheses',
  },
  {
    pattern: /(?:(?:nn|torch|tf|keras|layers)\.)(?:[A-Za-z_]\w*\.){0,8}(LayerNorm|BatchNorm)\w*\(\s*\w*\s*\)/y,
    write: ([, word]) => (word === 'LayerNorm' ? 'layer_norm' : 'batch_norm'),
    rule: 'blocks have names of one word and take their input as it is',
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
  {
    pattern: /(?:(?:nn|torch|tf|keras)\.)(?:[A-Za-z_]\w*\.){0,8}Linear\(\s*\w+\s*,\s*(\w+)\s*\)/y,
    write: ([, units]) => `dense(${units})`,
    rule: 'blocks have names of one word and take their input as it is',
    doubtful: true,
  },
  {
    pattern: /(?:(?:nn|torch|tf|keras|F|np|jnp)\.)(?:[A-Za-z_]\w*\.){0,8}([A-Za-z_]\w*)(?=\()/y,
    write: ([, word]) => callOf(word!),
    rule: 'blocks, losses and optimizers have names of one word',
    doubtful: true,
  },
  {
    pattern: /(?:[A-Za-z_]\w*\.){1,8}[A-Za-z_]\w*(?=\()/y,
    where: (_tokens, _at, { word }) => isAny(word, [t.Tower, t.Block, t.Shared]),
    write: ([path]) => path.replaceAll('.', ' -> '),
    rule: 'an arrow leads to the next step',
    doubtful: true,
  },
];

/** Returns the tokens with these forms translated; the same object if there are none. */
export function readForeignForms(
  source: Source,
  lexed: LexedText,
  report: (diagnostic: Diagnostic) => void,
): LexedText {
  const { text } = source;
  const readTokens: IToken[] = [];
  const dashes: Diagnostic[] = [];
  let declaration: EnclosingDeclaration = { braced: false };
  let rewrittenUpTo = 0;
  let unknown = lexed.unknown;
  for (const [index, token] of lexed.tokens.entries()) {
    const { startOffset } = token;
    if (startOffset < rewrittenUpTo) continue;
    if (isAny(token, declarationWords) && beginsLine(lexed.tokens, index) && token.startColumn === 1) {
      declaration = { word: token, braced: false };
    } else if (is(token, t.LeftBrace)) declaration = { ...declaration, braced: true };
    const foundForm = formAt(text, lexed.tokens, index, declaration);
    if (!foundForm) {
      readTokens.push(token);
      continue;
    }
    const { form, length, written } = foundForm;
    rewrittenUpTo = startOffset + length;
    const formSpan = { source, start: startOffset, end: rewrittenUpTo };
    const facts = { found: quote(spanText(formSpan).trim()), written: written.trim(), rule: form.rule };
    const fixes = [[{ at: formSpan, text: written }]];
    const found = diagnose('foreign-form', formSpan, facts, { fixes, ...(form.doubtful ? { doubtful: true } : {}) });
    if (form.rule === dashRule) dashes.push(found);
    else report(found);
    unknown = unknown.filter((one) => one.startOffset < startOffset || one.startOffset >= rewrittenUpTo);
    readTokens.push(...tokensOf(written, token, formSpan));
  }
  if (rewrittenUpTo === 0) return lexed;
  // A list with dashes is fixed as a whole, or not at all.
  const isWhole = text.match(/^[ \t]*-(?!>)/gm)?.length === dashes.length;
  reportGroups(
    dashes,
    () => isWhole,
    (one) => report(isWhole ? one : { ...one, fixes: [] }),
  );
  return { ...lexed, tokens: readTokens, unknown };
}

/** Returns the tokens of a translated form, each where its text is written. */
function tokensOf(written: string, first: IToken, { source, end }: Span): readonly IToken[] {
  let searchFrom = first.startOffset;
  return lex(written).tokens.map((token, index) => {
    const word = new RegExp(`(?<!\\w)${token.image.replace(/\W/g, '\\$&')}(?!\\w)`);
    const foundAt = source.text.slice(searchFrom, end).search(word);
    const startOffset = searchFrom + Math.max(0, foundAt);
    const endOffset = foundAt === -1 ? end - 1 : startOffset + token.image.length - 1;
    if (foundAt !== -1) searchFrom = endOffset + 1;
    const place = { startOffset, endOffset, startLine: first.startLine!, startColumn: first.startColumn! };
    return {
      ...token,
      ...place,
      endLine: first.endLine!,
      isInsertedInRecovery: foundAt === -1 && index > 0 && is(token, t.Name),
    };
  });
}

function formAt(text: string, tokens: readonly IToken[], at: number, declaration: EnclosingDeclaration) {
  for (const form of forms) {
    if (form.where?.(tokens, at, declaration) === false) continue;
    form.pattern.lastIndex = tokens[at]!.startOffset;
    const match = form.pattern.exec(text);
    if (!match) continue;
    const writtenForm = form.write(match);
    if (writtenForm !== undefined) return { form, length: match[0].length, written: writtenForm };
  }
  return undefined;
}
