/**
 * Translates calls of Python, as PyTorch, Keras and TensorFlow write them: `torch.cat([a, b], dim=-1)`, `Dense(64)(x)`, `x.relu()`, `history[:, -1]`. A call is
 * translated as a whole or not at all. Long because a call, its arguments and what is applied to it contain each other.
 */
import type { IToken } from 'chevrotain';
import { lex } from '../../../grammar/lexer.ts';
import * as t from '../../../grammar/tokens.ts';
import { findNearestName } from '../../base/text/nearest.ts';
import { type Span, spanText } from '../../base/text/source.ts';
import { meaningOf, type WordPlace } from '../../base/text/synonyms.ts';
import { isFormulaWord } from '../library/formula_functions.ts';
import { entryNames, knownCalls } from './known_calls.ts';
import { beginsLine, depthOf, endOf, is, isAny } from './token.ts';

export interface CallTranslation {
  /** The equivalent in Tower; undefined if the text may mean something else. */
  readonly written: string | undefined;
  /** The number of tokens that it replaces. */
  readonly length: number;
  /** Describes Tower's form. */
  readonly rule: string;
  /** Set if a word is not exactly the same. */
  readonly doubtful: boolean;
  /** Set if Tower has no such form, whatever the words. */
  readonly isForeign: boolean;
  readonly binding: Tightness | undefined;
}

/** Where a call is written. */
export interface CallContext {
  readonly places: readonly WordPlace[];
  readonly isFormula: boolean;
  isDeclared(name: string): boolean;
}

/** How tightly the parts of a translated text hold together. */
type Tightness = 'word' | 'sum' | 'flow';

interface Written {
  readonly text: string;
  readonly binding: Tightness;
}

interface WrittenArgument extends Written {
  readonly name?: string;
  /** The values of a list or a tuple. */
  readonly items?: readonly Written[];
}

const rules = {
  module: 'blocks, losses and optimizers have names of one word',
  method: 'an arrow leads to the next step',
  operator: 'values are combined by `+ - * /` and `@`',
  list: 'the values of a block stand in its parentheses',
  function: 'a function takes its value in parentheses',
  axis: 'a function goes over an axis by its letter, `sum over t (x)`',
  words: 'kinds have names and arguments of their own',
} as const;

const modules: ReadonlySet<string> = new Set(
  'nn torch tf keras F np jnp jax layers functional optim math losses optimizers'.split(' '),
);
const operators: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '+': 'add',
    '-': 'sub subtract',
    '*': 'mul multiply',
    '/': 'div divide true_divide',
    '@': 'matmul mm bmm',
  }).flatMap(([sign, words]) => words.split(' ').map((word) => [word, sign] as const)),
);
/** Arguments that say along which axis, which blocks know. */
const axisNames: ReadonlySet<string> = new Set(['dim', 'axis', 'axes', 'keepdim', 'keepdims']);
const joins = /^(?:cat|concat|concatenate|hstack)$/i;
const calls = [...knownCalls.keys()];
const signs = [t.Plus, t.Minus, t.Times, t.Divide, t.Inner];
/** Functions of formulas that go over an axis. */
const overAxes: ReadonlySet<string> = new Set('sum mean max min softmax log_softmax logsumexp normalize'.split(' '));

/** Returns undefined for what is no call of Python. @param isCertain set for a call that has turned out to be none of Tower */
export function translateCall(
  text: string,
  tokens: readonly IToken[],
  at: number,
  context: CallContext,
  isCertain = false,
): CallTranslation | undefined {
  const reader = new CallReader(text, tokens, context);
  const written = reader.chain(at);
  if (reader.isUnclosed || (!reader.rule && !(isCertain && reader.isOdd))) return undefined;
  const placed = written && placedBetween(written, tokens[at - 1]?.image, tokens[reader.end]?.image);
  const rule = rules[reader.rule ?? 'words'];
  const isForeign = reader.rule !== undefined && reader.rule !== 'words';
  return {
    written: placed,
    length: reader.end - at,
    rule,
    doubtful: reader.isDoubtful,
    isForeign,
    binding: written?.binding,
  };
}

/** Translates a call of a tree, which has turned out to be none of Tower; returns undefined if it is no call of Python. */
export function translateSpan(span: Span, context: CallContext): CallTranslation | undefined {
  const text = spanText(span);
  const { tokens } = lex(text);
  const found = translateCall(text, tokens, 0, context, true);
  if (found?.length !== tokens.length || found.written === text) return undefined;
  const written = found.binding && found.written;
  if (!written) return found;
  const [before] = /[-+*/@](?=\s*$)/.exec(span.source.text.slice(0, span.start)) ?? [];
  const [after] = /^\s*(?:[+*/@]|-(?!>))/.exec(span.source.text.slice(span.end)) ?? [];
  return { ...found, written: placedBetween({ text: written, binding: found.binding! }, before, after?.trim()) };
}

/** Returns a text in parentheses where an operator beside it would take a part of it. */
function placedBetween({ text, binding }: Written, before: string | undefined, after: string | undefined): string {
  const hasSum = / [+-] /.test(text.replace(/\(.*\)/gs, ''));
  const tighter = binding === 'flow' || hasSum ? /^[-+*/@]$/ : /^[*/@]$/;
  const isTorn = binding !== 'word' && [before, after].some((sign) => sign !== undefined && tighter.test(sign));
  return isTorn ? `(${text})` : text;
}

class CallReader {
  readonly #text: string;
  readonly #tokens: readonly IToken[];
  readonly #context: CallContext;
  /** The index after the last token that was read. */
  end = 0;
  rule: keyof typeof rules | undefined;
  /** True if a word or an argument is not Tower's. */
  isOdd = false;
  isDoubtful = false;
  isUnclosed = false;
  #hasEquals = false;

  constructor(text: string, tokens: readonly IToken[], context: CallContext) {
    this.#text = text;
    this.#tokens = tokens;
    this.#context = context;
  }

  /** Reads a name or brackets with all that is called, applied and indexed after it. */
  chain(at: number): Written | undefined {
    const tokens = this.#tokens;
    let index = at;
    let value: Written | undefined;
    /** A call that is not applied to a value yet: `Dense(64)`. */
    let called: { readonly name: string; readonly given: readonly WrittenArgument[] } | undefined;
    let isKnown = true;
    if (is(tokens[at], t.Name)) {
      const path = [tokens[at]!.image];
      while (is(tokens[index + 1], t.Dot) && is(tokens[index + 2], t.Name)) {
        index += 2;
        path.push(tokens[index]!.image);
      }
      index++;
      this.end = index;
      const isCall = is(tokens[index], t.LeftParenthesis);
      if (path.length > 1 && !isCall) return this.#plain(at, index);
      const isModule = path.length > 1 && modules.has(path[0]!);
      if (isModule) this.rule = 'module';
      const name = path.at(-1)!;
      if (isCall) {
        const given = this.#arguments(index);
        index = this.end;
        if (path.length > 1 && !isModule) {
          const steps = path.slice(1, -1);
          value = this.#method(this.#steps(path[0]!, steps), name, given);
        } else called = given && { name, given };
        isKnown = given !== undefined;
      } else value = { text: name, binding: 'word' };
    } else if (is(tokens[at], t.LeftParenthesis) && closeOf(tokens, at) !== undefined) {
      index = closeOf(tokens, at)! + 1;
      if (!is(tokens[index], t.Dot)) return undefined;
      const inner = this.#value(at + 1, index - 1);
      value = inner && { text: `(${inner.text})`, binding: 'word' };
    } else return undefined;
    while (!this.isUnclosed) {
      const [sign, next] = [tokens[index], tokens[index + 1]];
      const isJoined = sign !== undefined && endOf(tokens[index - 1]!) === sign.startOffset;
      if (is(sign, t.Dot) && is(next, t.Name) && is(tokens[index + 2], t.LeftParenthesis)) {
        if (called) value = this.#call(called.name, called.given);
        called = undefined;
        const given = this.#arguments(index + 2);
        index = this.end;
        value = value && this.#method(value, next!.image, given);
      } else if (isJoined && called && is(sign, t.LeftParenthesis)) {
        const given = this.#arguments(index);
        index = this.end;
        this.rule ??= 'method';
        value = given && this.#applied(called.name, called.given, given);
        called = undefined;
      } else if (isJoined && value && is(sign, t.LeftBracket) && !this.#context.isFormula) {
        const close = closeOf(tokens, index);
        const inner = close === undefined ? '' : this.#between(index + 1, close).replace(/\s/g, '');
        if (close === undefined || !/^(?::,)*-1(?:,:)*$/.test(inner)) break;
        index = close + 1;
        value = this.#then(value, { text: 'last', binding: 'word' });
      } else break;
    }
    this.end = index;
    if (called) value = this.#call(called.name, called.given);
    if (this.#hasEquals && this.isOdd) this.rule ??= 'words';
    return isKnown ? value : undefined;
  }

  #plain(at: number, end: number): Written {
    this.end = end;
    return { text: this.#between(at, end), binding: 'word' };
  }

  #between(from: number, to: number): string {
    const [first, last] = [this.#tokens[from], this.#tokens[to - 1]];
    return first && last && to > from ? this.#text.slice(first.startOffset, endOf(last)) : '';
  }

  /** Reads the arguments in parentheses at `open`. */
  #arguments(open: number): readonly WrittenArgument[] | undefined {
    const tokens = this.#tokens;
    const close = closeOf(tokens, open);
    if (close === undefined) {
      this.isUnclosed = true;
      return undefined;
    }
    const given = partsOf(tokens, open + 1, close).map(([from, to]): WrittenArgument | undefined => {
      this.#hasEquals ||= is(tokens[from + 1], t.Equals);
      const isNamed = is(tokens[from], t.Name) && isAny(tokens[from + 1], [t.Equals, t.Colon]);
      const name = isNamed ? { name: tokens[from]!.image } : {};
      const start = isNamed ? from + 2 : from;
      const isList = isAny(tokens[start], [t.LeftBracket, t.LeftParenthesis]) && closeOf(tokens, start) === to - 1;
      const items: readonly (Written | undefined)[] = isList
        ? partsOf(tokens, start + 1, to - 1).map(([one, end]) => this.#value(one, end))
        : [];
      const value = items.length > 1 || is(tokens[start], t.LeftBracket) ? undefined : this.#value(start, to);
      if (value) return { ...name, ...value };
      if (!isWhole(items) || items.length === 0) return undefined;
      return { ...name, items, text: `[${items.map((item) => item.text).join(', ')}]`, binding: 'word' };
    });
    this.end = close + 1;
    return isWhole(given) ? given : undefined;
  }

  /** Translates the calls of a value, and leaves the rest as it is. */
  #value(from: number, to: number): Written | undefined {
    const tokens = this.#tokens;
    let text = '';
    let binding: Tightness = 'word';
    let depth = 0;
    for (let index = from; index < to; ) {
      const token = tokens[index]!;
      const blank = index === from ? '' : this.#text.slice(endOf(tokens[index - 1]!), token.startOffset);
      const inner = new CallReader(this.#text, tokens, this.#context);
      const chain = isAny(token, [t.Name, t.LeftParenthesis]) ? inner.chain(index) : undefined;
      if (!chain && (is(token, t.Name) || inner.rule)) return undefined;
      if (chain && inner.end <= to) {
        this.isDoubtful ||= inner.isDoubtful;
        this.isOdd ||= inner.isOdd || inner.rule !== undefined;
        this.#hasEquals ||= inner.#hasEquals;
        const isAlone = index === from && inner.end === to;
        const isFirst = index === from && is(tokens[inner.end], t.Arrow);
        const word = /^(?:True|False)$/.test(chain.text) ? chain.text.toLowerCase() : chain.text;
        text += blank + (isAlone || isFirst || chain.binding === 'word' ? word : `(${word})`);
        if (isAlone) binding = chain.binding;
        index = inner.end;
      } else {
        text += blank + token.image;
        depth += depthOf(token);
        if (depth === 0 && is(token, t.Arrow)) binding = 'flow';
        else if (depth === 0 && isAny(token, signs) && binding === 'word' && index > from) binding = 'sum';
        index++;
      }
    }
    return text === '' ? undefined : { text, binding };
  }

  /** Writes `Dense(64)(x)`, whose value comes after the call. */
  #applied(name: string, given: readonly WrittenArgument[], to: readonly WrittenArgument[]): Written | undefined {
    const [value, ...others] = to.flatMap((one) => one.items ?? [one]);
    if (!value || to.some((one) => one.name)) return undefined;
    if (others.length > 0)
      return joins.test(name) ? this.#call(name, [{ ...value, items: [value, ...others] }]) : undefined;
    return this.#then(value, this.#call(name, given));
  }

  #then({ text, binding }: Written, step: Written | undefined): Written | undefined {
    this.rule ??= 'method';
    if (!step || step.binding === 'sum') return undefined;
    return { text: `${binding === 'sum' ? `(${text})` : text} -> ${step.text}`, binding: 'flow' };
  }

  #steps(value: string, names: readonly string[]): Written {
    const steps = [value, ...names.map((name) => this.#wordOf(name) ?? name)];
    return { text: steps.join(' -> '), binding: names.length > 0 ? 'flow' : 'word' };
  }

  /** Writes `value.name(…)`. */
  #method(value: Written, name: string, given: readonly WrittenArgument[] | undefined): Written | undefined {
    this.rule ??= 'method';
    if (!given) return undefined;
    const [first] = given;
    const sign = operators.get(name);
    if (sign && first && given.length === 1) return this.#call(name, [value, first]);
    if (this.#context.isFormula && isFormulaWord(this.#wordOf(name) ?? name))
      return this.#call(name, [value, ...given]);
    // A value among the arguments is no step's.
    const takes = knownCalls.get(this.#wordOf(name) ?? '');
    const isPlain = given.every((one) => one.name || /^[\d.]/.test(one.text) || takes?.words.has(one.text));
    return isPlain ? this.#then(value, this.#call(name, given)) : undefined;
  }

  /** Returns the word of the library or of the file for one of Python. */
  #wordOf(word: string): string | undefined {
    const { places, isFormula, isDeclared } = this.#context;
    if (isDeclared(word) || knownCalls.has(word) || (isFormula && isFormulaWord(word))) return word;
    this.isOdd = true;
    const nearest = findNearestName(word.toLowerCase(), calls)?.name;
    if (nearest?.replaceAll('_', '') === word.toLowerCase().replaceAll('_', '')) return nearest;
    for (const place of places) {
      const meant = meaningOf(word, place, calls);
      if (!meant?.write || !(calls.includes(meant.write) || /^\w+\(\w+\)$/.test(meant.write))) continue;
      this.isDoubtful ||= !meant.same;
      return meant.write;
    }
    return undefined;
  }

  /** Writes a call; undefined if a word or an argument of it is unknown. */
  #call(word: string, given: readonly WrittenArgument[]): Written | undefined {
    const operator = operators.get(word);
    const isPair = given.length === 2 && given.every((one) => !one.name && !one.items);
    if (operator && isPair && (operator !== '@' || this.#context.isFormula)) {
      this.rule = 'operator';
      const operands = given.map(({ text, binding }) => (binding === 'word' ? text : `(${text})`));
      return { text: operands.join(` ${operator} `), binding: 'sum' };
    }
    if (/^sequential$/i.test(word)) return this.#sequential(given);
    if (this.#context.isFormula && overAxes.has(word) && given.some((one) => axisNames.has(one.name ?? ''))) {
      this.rule = 'axis';
      return undefined;
    }
    const isJoin = joins.test(word) && given.some((one) => one.items);
    const name = isJoin ? 'concat' : this.#wordOf(word);
    if (name === undefined) return undefined;
    if (isJoin) this.rule = 'list';
    const call = /^(\w+)\((\w+)\)$/.exec(name);
    const known = knownCalls.get(call?.[1] ?? name);
    const all = isJoin
      ? given.flatMap((one): readonly WrittenArgument[] => (one.name ? [one] : (one.items ?? [one])))
      : given;
    const sizes = all.every((one) => !one.name && /^\w+$/.test(one.text)) ? all.length : 0;
    // Sizes that a block knows of its value are no arguments of it.
    if (/^linear$/i.test(word) && sizes === 2) return { text: `dense(${all[1]!.text})`, binding: 'word' };
    if (/^(?:layer|batch)_?norm/i.test(word) && sizes === 1 && word !== name) return { text: name, binding: 'word' };
    const texts = call ? [call[2]!] : [];
    for (const argument of all) {
      const { name: given } = argument;
      if (given === undefined) {
        texts.push(argument.text);
        continue;
      }
      if (axisNames.has(given) && known && !known.takes.has(given)) {
        this.isOdd = true;
        continue;
      }
      const parameter = this.#parameterOf(given, known?.takes);
      if (parameter === undefined) return undefined;
      const unquoted = argument.text.replace(/^"(\w+)"$/, '$1');
      texts.push(`${parameter}: ${known?.words.has(unquoted) ? unquoted : argument.text}`);
    }
    const isOneFlow = texts.length === 1 && all[0]?.binding === 'flow' && !all[0].name && known?.flow === false;
    if (isOneFlow && !this.#context.isFormula) return { text: `${texts[0]} -> ${call?.[1] ?? name}`, binding: 'flow' };
    return { text: texts.length > 0 ? `${call?.[1] ?? name}(${texts.join(', ')})` : name, binding: 'word' };
  }

  #parameterOf(name: string, takes: ReadonlySet<string> | undefined): string | undefined {
    if (!takes || takes.has(name)) return name;
    this.isOdd = true;
    const meant = meaningOf(name, 'argument', takes);
    this.isDoubtful ||= meant?.same === false;
    return meant?.write && takes.has(meant.write) ? meant.write : undefined;
  }

  /** Writes the layers of a `Sequential` as steps. */
  #sequential(given: readonly WrittenArgument[]): Written | undefined {
    this.rule ??= 'method';
    const steps = given.flatMap((one): readonly Written[] => one.items ?? [one]);
    const isCall = steps.every(({ text, binding }) => binding === 'word' && /^[A-Za-z]/.test(text));
    if (!isCall || steps.length === 0 || given.some((one) => one.name)) return undefined;
    return { text: steps.map(({ text }) => text).join(' -> '), binding: 'flow' };
  }
}

/** Returns the index of the bracket that closes the one at `open`; undefined if the next entry begins before. */
function closeOf(tokens: readonly IToken[], open: number): number | undefined {
  let depth = 0;
  for (let index = open; index < tokens.length; index++) {
    const token = tokens[index]!;
    depth += depthOf(token);
    if (depth === 0) return index;
    const isEntry = is(tokens[index + 1], t.Equals) && (beginsLine(tokens, index) || entryNames.has(token.image));
    if (isEntry || isAny(token, [t.LeftBrace, t.RightBrace])) return undefined;
  }
  return undefined;
}

/** Returns where the values between commas begin and end. */
function partsOf(tokens: readonly IToken[], from: number, to: number): readonly (readonly [number, number])[] {
  const commas: number[] = [];
  let depth = 0;
  for (let index = from; index < to; index++) {
    depth += depthOf(tokens[index]!);
    if (depth === 0 && is(tokens[index], t.Comma)) commas.push(index);
  }
  const starts = [from, ...commas.map((index) => index + 1)];
  return starts.map((start, index) => [start, commas[index] ?? to] as const).filter(([start, end]) => end > start);
}

const isWhole = <T>(parts: readonly (T | undefined)[]): parts is readonly T[] => !parts.includes(undefined);
