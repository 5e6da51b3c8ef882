/** Brackets: whether they match, and, if not, where the missing ones belong. */
import type { IToken, TokenType } from 'chevrotain';
import * as t from '../../grammar/tokens.ts';
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts';
import type { Source } from '../text/source.ts';
import { headerEnd, looksLikeDeclaration, looksLikeEntry } from './layout.ts';
import { after, beginsLine, beginsValue, depthOf, endOf, inserted, is, isAny, spanOf } from './token.ts';
import { quote } from './words.ts';

const pairs: ReadonlyMap<TokenType, { readonly close: TokenType; readonly image: string }> = new Map([
  [t.LeftBrace, { close: t.RightBrace, image: '}' }],
  [t.LeftParenthesis, { close: t.RightParenthesis, image: ')' }],
  [t.LeftBracket, { close: t.RightBracket, image: ']' }],
]);

export function areBalanced(tokens: readonly IToken[]): boolean {
  const open: TokenType[] = [];
  for (const token of tokens) {
    const deeper = depthOf(token);
    if (deeper > 0) open.push(pairs.get(token.tokenType)!.close);
    else if (deeper < 0 && open.pop() !== token.tokenType) return false;
  }
  return open.length === 0;
}

interface Open {
  readonly token: IToken;
  /** Column of the first token on its line. */
  readonly indent: number;
}

/** Tokens with every bracket closed and none too many. The text's layout tells where a missing one was meant. */
export function balance(
  source: Source,
  tokens: readonly IToken[],
  report: (diagnostic: Diagnostic) => void,
): readonly IToken[] {
  const result: IToken[] = [];
  const open: Open[] = [];
  let indent = 1;
  /** Index in `result` where the declaration at hand begins. */
  let declaration = 0;

  const closeTop = () => {
    const { token } = open.pop()!;
    const { close, image } = pairs.get(token.tokenType)!;
    const previous = result.at(-1)!;
    const text = image === '}' && previous.endLine !== token.startLine ? '\n}' : image === '}' ? ' }' : image;
    report(
      diagnose(
        'unclosed',
        spanOf(source, token),
        { open: `\`${token.image}\``, close: `\`${image}\`` },
        { fixes: [[{ at: after(source, previous), text }]] },
      ),
    );
    result.push(inserted(close, image, previous));
  };

  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index]!;
    if (beginsLine(tokens, index)) {
      const column = token.startColumn ?? 1;
      indent = column;
      if (open.length > 0 && looksLikeDeclaration(tokens, index) && outranks(token, column, open)) {
        while (open.length > 0) closeTop();
      } else if (looksLikeEntry(tokens, index)) {
        // An entry that is not further in than what is open cannot be inside it.
        while (open.length > 1 && column <= open.at(-1)!.indent) closeTop();
      }
    }
    if (open.length === 0 && looksLikeDeclaration(tokens, index)) declaration = result.length;

    // No brace and no key stands inside parentheses.
    const outside = is(token, t.LeftBrace) || (is(token, t.Keyed) && is(tokens[index + 1], t.By));
    while (outside && open.length > 0 && !is(open.at(-1)!.token, t.LeftBrace)) closeTop();

    const deeper = depthOf(token);
    if (deeper > 0) {
      open.push({ token, indent });
    } else if (deeper < 0) {
      const at = findOpen(open, token.tokenType);
      if (at === undefined) {
        const mended = unmatched(source, token, open, result, declaration, report);
        if (mended) result.push(mended);
        continue;
      }
      while (open.length > at + 1) closeTop();
      open.pop();
    }
    result.push(token);

    if (
      is(token, t.Columns) &&
      beginsLine(tokens, index) &&
      beginsLine(tokens, index + 1) &&
      looksLikeEntry(tokens, index + 1)
    ) {
      const at = after(source, token);
      report(diagnose('missing-brace', spanOf(source, token), { word: 'columns' }, { fixes: [[{ at, text: ' {' }]] }));
      open.push({ token: inserted(t.LeftBrace, '{', token), indent });
      result.push(open.at(-1)!.token);
    }
  }
  while (open.length > 0) closeTop();
  return result;
}

/** Whether a line that reads like a declaration is one, though brackets are open. */
function outranks(token: IToken, column: number, open: readonly Open[]): boolean {
  // `objective = …` could also be an entry of the body that is open.
  return isAny(token, [t.Objective, t.Retrieve]) ? column <= open[0]!.indent : true;
}

/** The open bracket that a closing one ends: parentheses never reach past a brace. */
function findOpen(open: readonly Open[], close: TokenType): number | undefined {
  for (let at = open.length - 1; at >= 0; at--) {
    const type = open[at]!.token.tokenType;
    if (pairs.get(type)!.close === close) return at;
    if (type === t.LeftBrace) return undefined;
  }
  return undefined;
}

/** A closing bracket that nothing opened: read as the one that was meant, or left out. */
function unmatched(
  source: Source,
  token: IToken,
  open: Open[],
  result: IToken[],
  declaration: number,
  report: (diagnostic: Diagnostic) => void,
): IToken | undefined {
  const at = spanOf(source, token);
  const top = open.at(-1)?.token;
  if (top && !is(top, t.LeftBrace) && !is(token, t.RightBrace)) {
    open.pop();
    const { close, image } = pairs.get(top.tokenType)!;
    const facts = { open: `\`${top.image}\``, close: `\`${image}\``, found: `\`${token.image}\`` };
    report(diagnose('wrong-bracket', at, facts, { fixes: [[{ at, text: image }]] }));
    return { ...token, tokenType: close, tokenTypeIdx: close.tokenTypeIdx!, image };
  }
  const callee = is(token, t.RightParenthesis) ? calleeBefore(result) : undefined;
  if (callee !== undefined) {
    const next = result[callee + 1]!;
    const place = { source, start: endOf(result[callee]!), end: next.startOffset };
    const edits = [{ at: place, text: '(' }];
    const facts = { sign: '`(`', before: quote(next.image) };
    report(diagnose('missing-sign', spanOf(source, next), facts, { fixes: [edits] }));
    result.splice(callee + 1, 0, inserted(t.LeftParenthesis, '(', result[callee]!));
    return token;
  }
  const header = open.length === 0 && is(token, t.RightBrace) ? headerEnd(result, declaration) : undefined;
  if (
    header !== undefined &&
    header < result.length &&
    !result.slice(declaration).some((one) => is(one, t.LeftBrace))
  ) {
    const last = result[header - 1]!;
    const word = result[declaration]!;
    const place = after(source, last);
    report(
      diagnose('missing-brace', spanOf(source, word), { word: word.image }, { fixes: [[{ at: place, text: ' {' }]] }),
    );
    result.splice(header, 0, inserted(t.LeftBrace, '{', last));
    return token;
  }
  const opener = [...pairs].find(([, { close }]) => close === token.tokenType)![0];
  report(
    diagnose(
      'unopened',
      at,
      { close: `\`${token.image}\``, open: opener.LABEL ?? '' },
      { fixes: [[{ at, text: '' }]] },
    ),
  );
  return undefined;
}

/** The name that should have opened what a `)` closes: `id` in `a : id dim: 3)`. Looked for in the entry at hand only. */
function calleeBefore(tokens: readonly IToken[]): number | undefined {
  let depth = 0;
  for (let at = tokens.length - 1; at > 0; at--) {
    const token = tokens[at]!;
    depth -= depthOf(token);
    if (depth < 0) return undefined;
    const next = tokens[at + 1];
    const calls = is(token, t.Name) && beginsValue(next) && !is(next, t.LeftParenthesis) && !beginsLine(tokens, at + 1);
    if (depth === 0 && calls && isAny(tokens[at - 1], beforeCallee)) return at;
    if (depth === 0 && beginsLine(tokens, at)) return undefined;
  }
  return undefined;
}

const beforeCallee = [
  t.Equals,
  t.Colon,
  t.Arrow,
  t.Comma,
  t.Tower,
  t.LeftParenthesis,
  t.LeftBracket,
  t.Plus,
  t.Minus,
  t.Times,
];
