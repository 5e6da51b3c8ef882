/** How deep a text may go, so that no later stage runs out of stack on it. */
import type { IToken } from 'chevrotain';
import * as t from '../../../grammar/tokens.ts';
import { diagnose } from '../../base/diagnostics/diagnose.ts';
import type { Diagnostic } from '../../base/diagnostics/diagnostic.ts';
import type { Source } from '../../base/text/source.ts';
import { byType, depthOf, spanOf } from './token.ts';

const deepest = 64;
/** Words and signs of a file: more than any model of a person has, and fewer than take minutes. */
const most = 250_000;
/** Operators in one expression: each makes the tree one deeper. */
const longest = 256;

const isOperator = byType((type) => [t.Plus, t.Minus, t.Times, t.Over].includes(type));
const isSeparator = byType((type) => [t.Comma, t.Equals, t.Colon, t.Arrow].includes(type));

/** The tokens without what goes too deep; the same array when nothing does. */
export function withinLimits(
  source: Source,
  tokens: readonly IToken[],
  report: (diagnostic: Diagnostic) => void,
): readonly IToken[] {
  if (tokens.length > most) {
    report(diagnose('too-long', spanOf(source, tokens[most]!), { limit: most }));
    // Up to a declaration: half of one would be a mistake that nobody made.
    let end = most;
    while (end > 0 && tokens[end]!.startColumn !== 1) end--;
    return withinLimits(source, tokens.slice(0, end === 0 ? most : end), report);
  }
  /** Operators so far in the expression of each open bracket. */
  const counts = [0];
  const dropped = new Set<IToken>();
  let reported = false;
  const reportOnce = (token: IToken, what: string, limit: number) => {
    if (!reported) report(diagnose('too-deep', spanOf(source, token), { what, limit }));
    reported = true;
  };
  for (const token of tokens) {
    const type = token.tokenTypeIdx;
    const deeper = depthOf(token);
    if (deeper < 0 && counts.length > 1) {
      if (counts.length > deepest + 1) dropped.add(token);
      counts.pop();
      continue;
    }
    if (deeper > 0) {
      counts.push(0);
      if (counts.length > deepest + 1) reportOnce(token, 'brackets within brackets,', deepest);
    } else if (isSeparator[type]) counts[counts.length - 1] = 0;
    else if (isOperator[type] && ++counts[counts.length - 1]! > longest) {
      reportOnce(token, 'operators in one expression,', longest);
    }
    if (counts.length > deepest + 1 || counts[counts.length - 1]! > longest) dropped.add(token);
    else reported = false;
  }
  return dropped.size === 0 ? tokens : tokens.filter((token) => !dropped.has(token));
}
