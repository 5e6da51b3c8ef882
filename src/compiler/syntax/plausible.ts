/** Scores how odd a reading of broken tokens would be: recovery compares readings by it. */
import type { IToken } from 'chevrotain';
import * as t from '../../../grammar/tokens.ts';
import { callWords } from './known_calls.ts';
import { beginsValue, depthOf, is, isAny } from './token.ts';

interface KnownCall {
  readonly takes: ReadonlySet<string>;
  /** Arguments that are words by themselves: `standardize`. */
  readonly flags: ReadonlySet<string>;
  readonly numbers: boolean;
  readonly flow: boolean;
}

const calls: ReadonlyMap<string, KnownCall> = new Map(
  Object.entries(callWords).map(([name, text]) => {
    const argumentWords = text.split(' ').filter((word) => /^\w/.test(word));
    const knownCall = {
      takes: new Set(argumentWords.map((word) => word.replace('?', ''))),
      flags: new Set(argumentWords.filter((word) => word.endsWith('?')).map((word) => word.slice(0, -1))),
      numbers: text.startsWith('#'),
      flow: text.includes('->'),
    };
    return [name, knownCall];
  }),
);

export const isKnownCall = (name: string): boolean => calls.has(name);

interface CallFrame {
  readonly call: KnownCall | undefined;
  readonly isCall: boolean;
  readonly given: Set<string>;
  /** True if an argument without a name would be odd here, as one with a name came before. */
  named: boolean;
}

const operators = [t.Plus, t.Minus, t.Times, t.Over];
const still = [t.NumberToken, t.Text];
const letAnywhere = [t.NumberToken, t.Name, t.RightParenthesis];

/** 0 for tokens that read as the library's words are used; more the less they do. */
export function oddness(tokens: readonly IToken[]): number {
  let oddCount = 0;
  const frames: CallFrame[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!;
    const [previous, next] = [tokens[at - 1], tokens[at + 1]];
    const frame = frames.at(-1);
    const depthChange = depthOf(token);
    if (depthChange > 0) {
      const callee = is(token, t.LeftParenthesis) && is(previous, t.Name) ? previous! : undefined;
      const isHeader = isAny(tokens[at - 2], [t.Tower, t.Block]);
      const call = callee && !isHeader ? calls.get(callee.image) : undefined;
      if (callee && !isHeader && !call) oddCount += 2;
      if (frame?.isCall && frame.named && isAny(previous, [t.Comma])) oddCount += 1;
      frames.push({ call, isCall: call !== undefined, given: new Set(), named: false });
      continue;
    }
    if (depthChange < 0) {
      frames.pop();
      continue;
    }
    // A number or a text hands nothing on, and goes through nothing.
    if (is(token, t.Arrow) && (isAny(previous, still) || isAny(next, still))) oddCount += 2;
    // A sign that nothing follows in its brackets.
    if (is(token, t.Comma) && next && depthOf(next) < 0) oddCount += 2;
    if (frame === undefined) {
      // The value of a feature is a kind, and so is that of a label.
      if (is(token, t.Colon) && isAny(next, [t.NumberToken, t.Text, t.LeftBracket])) oddCount += 2;
      continue;
    }
    if (!frame.isCall) {
      if (is(token, t.Arrow)) oddCount += 3;
      continue;
    }
    const { call } = frame;
    const beginsArgument = isAny(previous, [t.LeftParenthesis, t.Comma]);
    if (is(token, t.Arrow) && !call!.flow) oddCount += 3;
    if (isAny(token, operators) && !beginsArgument && call!.takes.size === 0) oddCount += 3;
    if (isAny(token, operators) && isAny(previous, letAnywhere) && is(tokens[at - 2], t.Dot)) oddCount += 3;
    if (!beginsArgument) continue;
    if (is(token, t.Name) && isAny(next, [t.Colon, t.Equals])) {
      if (!call!.takes.has(token.image) || frame.given.has(token.image)) oddCount += 2;
      if (is(next, t.Equals)) oddCount += 1;
      frame.given.add(token.image);
      frame.named = true;
    } else if (beginsValue(token)) {
      const isAlone = next === undefined || isAny(next, [t.Comma, t.RightParenthesis]);
      if (isAlone && is(token, t.NumberToken) && !call!.numbers) oddCount += 2;
      if (isAlone && is(token, t.Name) && call!.takes.has(token.image) && !call!.flags.has(token.image)) oddCount += 2;
      if (frame.named) oddCount += 1;
    }
  }
  return oddCount;
}
