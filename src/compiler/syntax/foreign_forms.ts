/**
 * Translates forms of other languages, such as `recall@50`, to Tower, so that each is one error. There is one row for each form. It is used only for
 * text that does not parse.
 */
import type { IToken } from 'chevrotain';
import { type LexedText, lex } from '../../../grammar/lexer.ts';
import * as t from '../../../grammar/tokens.ts';
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import { likest } from '../../base/text/nearest.ts';
import type { Source } from '../../base/text/source.ts';
import { meaningOf } from '../../base/text/synonyms.ts';
import { callWords } from './known_calls.ts';
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

const calls = Object.keys(callWords);

/** Translates `Linear`, `ReLU`, `CrossEntropyLoss` to a call of Tower; returns other words unchanged. */
function callOf(word: string): string {
  const nearestCall = likest(word.toLowerCase(), calls);
  const meantCalls = (['block', 'loss', 'optimizer'] as const).flatMap(
    (place) => meaningOf(word, place, calls)?.write ?? [],
  );
  return nearestCall?.name === word.toLowerCase()
    ? nearestCall.name
    : (meantCalls.find((one) => calls.includes(one)) ?? word);
}

const dashRule = 'entries have no dash before them';

const forms: readonly ForeignForm[] = [
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
    pattern: /([\p{L}_][\p{L}\p{M}\w]*)[ \t]*@[ \t]*(\d+)/uy,
    write: ([, metric, k]) => `${metric}(${k})`,
    rule: 'a cutoff is an argument',
  },
  {
    pattern: /def\s+(\w+)\s*(\([^)\n]*\))\s*:\s*return\s+/y,
    write: ([, name, parameters]) => `block ${name}${parameters} = `,
    rule: 'a block is declared with `block`, and its value follows `=`',
  },
  {
    pattern: /["']([\p{L}_][\p{L}\p{M}\w]*)["']\s*:/uy,
    where: (tokens, at, { word }) => isAny(word, [t.Task, t.Train, t.Data]) && beginsEntry(tokens, at),
    write: ([, name]) => `${name} =`,
    rule: 'names have no quotes, and `=` gives them a value',
  },
  {
    pattern: /["']([\p{L}_][\p{L}\p{M}\w]*)["'](?=\s*[:=])/uy,
    where: beginsEntry,
    write: ([, name]) => name,
    rule: 'names have no quotes',
  },
  {
    pattern: /["']([A-Za-z_][\w -]*)["']/y,
    where: (tokens, at) => is(tokens[at - 1], t.Model),
    write: ([, name]) => name!.replace(/[ -]+/g, '_'),
    rule: 'names have no quotes',
  },
  {
    pattern: /(?:[A-Za-z_]\w*\.){1,8}Linear\(\s*\w+\s*,\s*(\w+)\s*\)/y,
    write: ([, units]) => `dense(${units})`,
    rule: 'blocks have names of one word and take their input as it is',
    doubtful: true,
  },
  {
    pattern: /(?:[A-Za-z_]\w*\.){1,8}([A-Za-z_]\w*)(?=\()/y,
    write: ([, word]) => callOf(word!),
    rule: 'blocks, losses and optimizers have names of one word',
    doubtful: true,
  },
  {
    pattern: /\[([\p{L}\p{M}\w\s,]*)\]/uy,
    where: (tokens, at, { word }) =>
      (is(word, t.Group) && is(tokens[at - 1], t.Equals)) || (is(word, t.Tower) && is(tokens[at - 3], t.Tower)),
    write: ([, names]) => names!.trim(),
    rule: 'names are listed without brackets',
  },
  {
    pattern: /[\p{L}_][\p{L}\p{M}\w]*\.([\p{L}_][\p{L}\p{M}\w]*)(?!\s*\.)/uy,
    where: (tokens, at, { word, braced }) =>
      // After `group` a brace opens a declaration with a misspelled keyword.
      (is(word, t.Group) && !braced) ||
      (is(word, t.Data) && is(tokens[at - 1], t.By)) ||
      (isAny(word, [t.Features, t.Data]) && beginsEntry(tokens, at)),
    write: ([, column]) => column,
    rule: 'a column goes by its name alone',
  },
  {
    // SQL with quotes inside that ends its line. `"items.csv" by "item_id"` is two texts instead.
    pattern: /["](?![^"\n]*"[ \t]*by\b)(.{1,500}[^\\\n])["](?=[ \t]*(?:,[ \t]*)?(?:\/\/.*)?$)/my,
    where: (tokens, at, { word }) => is(word, t.Data) && is(tokens[at - 1], t.Equals),
    write: ([, sql]) => quotedSql(sql!),
    rule: 'a quote inside of a text would end it',
    doubtful: true,
  },
];

/** Converts `"` within SQL: around the whole text it quotes a name, elsewhere a text. */
function quotedSql(sql: string): string | undefined {
  if (!/(?<!\\)"/.test(sql) || /"\s*,\s*\w+\s*=|\/\//.test(sql)) return undefined;
  if (/^"[^"]+"$/.test(sql)) return `"${sql.replaceAll('"', '\\"')}"`;
  return `"${sql.replace(/(?<!\\)"/g, "'")}"`;
}

/**
 * Returns the tokens with these forms translated; the same object if there are none. Long because it has a branch for each form.
 */
export function readForeignForms(
  source: Source,
  lexed: LexedText,
  report: (diagnostic: Diagnostic) => void,
): LexedText {
  const { text } = source;
  const readTokens: IToken[] = [];
  const rewrittenRanges: [start: number, end: number][] = [];
  let declaration: EnclosingDeclaration = { braced: false };
  const dashes: Diagnostic[] = [];
  let rewrittenUpTo = 0;
  for (const [at, token] of lexed.tokens.entries()) {
    const { startOffset } = token;
    if (startOffset < rewrittenUpTo) continue;
    if (isAny(token, declarationWords) && beginsLine(lexed.tokens, at) && token.startColumn === 1) {
      declaration = { word: token, braced: false };
    } else if (is(token, t.LeftBrace)) declaration = { ...declaration, braced: true };
    const foundForm = formAt(text, lexed.tokens, at, declaration);
    if (!foundForm) {
      readTokens.push(token);
      continue;
    }
    const { form, length, written } = foundForm;
    rewrittenUpTo = startOffset + length;
    rewrittenRanges.push([startOffset, rewrittenUpTo]);
    const formSpan = { source, start: startOffset, end: rewrittenUpTo };
    const facts = {
      found: quote(text.slice(startOffset, rewrittenUpTo).trim()),
      written: written.trim(),
      rule: form.rule,
    };
    const fix = [{ at: formSpan, text: written }];
    const extra = { fixes: [fix], ...(form.doubtful ? { doubtful: true as const } : {}) };
    const found = diagnose('foreign-form', formSpan, facts, extra);
    if (form.rule === dashRule) dashes.push(found);
    else report(found);
    let lastIndex = at;
    while (lexed.tokens[lastIndex + 1] && lexed.tokens[lastIndex + 1]!.startOffset < rewrittenUpTo) lastIndex++;
    const lastToken = lexed.tokens[lastIndex]!;
    let searchFrom = startOffset;
    for (const { tokenType, tokenTypeIdx, image } of lex(written).tokens) {
      const readToken = {
        ...lastToken,
        tokenType,
        tokenTypeIdx,
        image,
        startLine: token.startLine!,
        startColumn: token.startColumn!,
      };
      const foundAt = text
        .slice(searchFrom, rewrittenUpTo)
        .search(new RegExp(`(?<!\\w)${image.replace(/\W/g, '\\$&')}(?!\\w)`));
      if (foundAt === -1)
        readTokens.push({
          ...readToken,
          startOffset: searchFrom,
          endOffset: rewrittenUpTo - 1,
          isInsertedInRecovery: is(readToken, t.Name),
        });
      else {
        searchFrom += foundAt + image.length;
        readTokens.push({ ...readToken, startOffset: searchFrom - image.length, endOffset: searchFrom - 1 });
      }
    }
  }
  if (rewrittenRanges.length === 0) return lexed;
  // A list with dashes is fixed as a whole, or not at all.
  const isWhole = text.match(/^[ \t]*-(?!>)/gm)?.length === dashes.length;
  reportGroups(
    dashes,
    () => isWhole,
    (one) => report(isWhole ? one : { ...one, fixes: [] }),
  );
  const { unknown, comments, foreignComments } = lexed;
  return {
    tokens: readTokens,
    comments: without(comments, rewrittenRanges),
    foreignComments,
    unknown: without(unknown, rewrittenRanges),
  };
}

/** Removes the tokens in these ranges. Both are sorted. */
function without(
  tokens: readonly IToken[],
  taken: readonly (readonly [start: number, end: number])[],
): readonly IToken[] {
  let rangeIndex = 0;
  return tokens.filter(({ startOffset }) => {
    while (rangeIndex < taken.length && taken[rangeIndex]![1] <= startOffset) rangeIndex++;
    return rangeIndex === taken.length || startOffset < taken[rangeIndex]![0];
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
