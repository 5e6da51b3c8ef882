/** How odd a reading of broken tokens would be. Recovery compares readings by it; nothing else is judged here. */
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
    const words = text.split(' ').filter((word) => /^\w/.test(word));
    const known = {
      takes: new Set(words.map((word) => word.replace('?', ''))),
      flags: new Set(words.filter((word) => word.endsWith('?')).map((word) => word.slice(0, -1))),
      numbers: text.startsWith('#'),
      flow: text.includes('->'),
    };
    return [name, known];
  }),
);

export const isKnownCall = (name: string): boolean => calls.has(name);

interface CallFrame {
  readonly call: KnownCall | undefined;
  readonly isCall: boolean;
  readonly given: Set<string>;
  /** Whether an argument without a name would be odd here, as one with a name came before. */
  named: boolean;
}

const operators = [t.Plus, t.Minus, t.Times, t.Over];
const still = [t.NumberToken, t.Text];
const letAnywhere = [t.NumberToken, t.Name, t.RightParenthesis];

/** 0 for tokens that read as the library's words are used; more the less they do. */
export function oddness(tokens: readonly IToken[]): number {
  let odd = 0;
  const frames: CallFrame[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!;
    const [previous, next] = [tokens[at - 1], tokens[at + 1]];
    const frame = frames.at(-1);
    const deeper = depthOf(token);
    if (deeper > 0) {
      const callee = is(token, t.LeftParenthesis) && is(previous, t.Name) ? previous! : undefined;
      const header = isAny(tokens[at - 2], [t.Tower, t.Block]);
      const call = callee && !header ? calls.get(callee.image) : undefined;
      if (callee && !header && !call) odd += 2;
      if (frame?.isCall && frame.named && isAny(previous, [t.Comma])) odd += 1;
      frames.push({ call, isCall: call !== undefined, given: new Set(), named: false });
      continue;
    }
    if (deeper < 0) {
      frames.pop();
      continue;
    }
    // A number or a text hands nothing on, and goes through nothing.
    if (is(token, t.Arrow) && (isAny(previous, still) || isAny(next, still))) odd += 2;
    // A sign that nothing follows in its brackets.
    if (is(token, t.Comma) && next && depthOf(next) < 0) odd += 2;
    if (frame === undefined) {
      // The value of a feature is a kind, and so is that of a label.
      if (is(token, t.Colon) && isAny(next, [t.NumberToken, t.Text, t.LeftBracket])) odd += 2;
      continue;
    }
    if (!frame.isCall) {
      if (is(token, t.Arrow)) odd += 3;
      continue;
    }
    const { call } = frame;
    const begins = isAny(previous, [t.LeftParenthesis, t.Comma]);
    if (is(token, t.Arrow) && !call!.flow) odd += 3;
    if (isAny(token, operators) && !begins && call!.takes.size === 0) odd += 3;
    if (isAny(token, operators) && isAny(previous, letAnywhere) && is(tokens[at - 2], t.Dot)) odd += 3;
    if (!begins) continue;
    if (is(token, t.Name) && isAny(next, [t.Colon, t.Equals])) {
      if (!call!.takes.has(token.image) || frame.given.has(token.image)) odd += 2;
      if (is(next, t.Equals)) odd += 1;
      frame.given.add(token.image);
      frame.named = true;
    } else if (beginsValue(token)) {
      const alone = next === undefined || isAny(next, [t.Comma, t.RightParenthesis]);
      if (alone && is(token, t.NumberToken) && !call!.numbers) odd += 2;
      if (alone && is(token, t.Name) && call!.takes.has(token.image) && !call!.flags.has(token.image)) odd += 2;
      if (frame.named) odd += 1;
    }
  }
  return odd;
}
