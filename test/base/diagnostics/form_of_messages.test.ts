/** The form of what users read: messages begin and end alike, hints and help are orders, and no sentence has more than 25 words. */
import { describe, expect, it } from 'vitest';
import { type Code, codes } from '../../../src/base/diagnostics/codes.ts';
import type { CodeRow } from '../../../src/base/diagnostics/wording.ts';
import { type ErrorPage, readErrorPage } from '../../../src/compiler/explain/error_page.ts';
import { wholeProgram } from '../../app/cli/in_process.ts';

/** Facts of which every property is a text, a list of one text, or facts again, as the message takes it. */
function anyFacts(): never {
  const list = ['x'];
  const get = (_: object, key: string | symbol): unknown => {
    if (key === Symbol.toPrimitive) return () => 'x';
    const own = (list as unknown as Record<string | symbol, unknown>)[key];
    if (own !== undefined) return typeof own === 'function' ? own.bind(list) : own;
    const ofText = (String.prototype as unknown as Record<string | symbol, unknown>)[key];
    const ofNumber = (Number.prototype as unknown as Record<string | symbol, unknown>)[key];
    if (typeof ofText === 'function') return ofText.bind('x');
    if (typeof ofNumber === 'function') return ofNumber.bind(7);
    return anyFacts();
  };
  return new Proxy(() => {}, { get }) as never;
}

/** What a message or hint says of any facts, and of none. */
function wordings(word: ((facts: never) => string | undefined) | undefined): string[] {
  if (word === undefined) return [];
  const said = [anyFacts(), {} as never].flatMap((facts) => {
    try {
      const text = word(facts);
      return text === undefined ? [] : `${text}`;
    } catch {
      // It needs its facts.
      return [];
    }
  });
  return [...new Set(said)];
}

const rows = Object.entries(codes) as unknown as [string, CodeRow<never>][];

const pageOf = (code: string): ErrorPage => readErrorPage(code as Code);

const sentences = (text: string): string[] =>
  text.split(/(?<=[.!?;])\s+|:\s+(?=[a-zA-Z`])/).filter((sentence) => sentence !== '');
/** Code between backquotes counts as one word. */
const wordsIn = (sentence: string): number => sentence.replace(/`[^`]*`/g, 'code').split(/\s+/).length;
const tooLong = (text: string): boolean => sentences(text).some((sentence) => wordsIn(sentence) > 25);

/** What the first word of a hint or a help text may be. */
const verbs = new Set(
  'add allow answer apply attach average begin build change check choose compare compile compute continue convert copy correct count declare delete divide draw drop end evaluate exclude explain export fetch find fix format free get give group install join keep leave let limit list listen lower make measure move name open override pair pick pool prefer print put raise rank read recommend refuse remove rename replace replay report request restore resume run save say scale search send serve set show skip sort split start subtract take train try use wait weigh write'.split(
    ' ',
  ),
);
/** Questions and conditions that a reader expects of a compiler. */
const otherwise = /^(?:did you mean|if it is `|with -)/;
const isImperative = (text: string): boolean => verbs.has(/^[a-zA-Z]+/.exec(text)?.[0] ?? '') || otherwise.test(text);

describe('messages', () => {
  it('begin with a small letter, code, a path or a figure, and end without a full stop', () => {
    const odd = rows.flatMap(([, { message }]) =>
      wordings(message).filter(
        (text) => /^[A-Z]/.test(text.replace(/^(?:Tower|JavaScript)\b/, '')) || /\.$/.test(text),
      ),
    );
    expect(odd).toEqual([]);
  });
  it('have 25 words a sentence at most', () => {
    const long = rows.flatMap(([code, row]) =>
      [...wordings(row.message), ...wordings(row.hint), pageOf(code).means, pageOf(code).remedy ?? '']
        .filter(tooLong)
        .map((text) => `${code}: ${text}`),
    );
    expect(long).toEqual([]);
  });
});

describe('hints', () => {
  it('are imperatives', () => {
    const odd = rows.flatMap(([code, { hint }]) =>
      wordings(hint)
        // `x` is a hint that the reporter words: names of the field have their advice in synonyms.ts.
        .filter((text) => text.trim() !== 'x' && !isImperative(text))
        .map((text) => `${code}: ${text}`),
    );
    expect(odd).toEqual([]);
  });
  it('may be a part of the page of a code: what it says to do begins with an imperative too', () => {
    const odd = rows.flatMap(([code]) => {
      const { remedy } = pageOf(code);
      return remedy === undefined || verbs.has(/^\w+/.exec(remedy)?.[0].toLowerCase() ?? '')
        ? []
        : `${code}: ${remedy}`;
    });
    expect(odd).toEqual([]);
  });
});

const program = await wholeProgram();

describe('help', () => {
  const texts = program.commands.flatMap((command) => [
    command.description(),
    ...command.options.map(({ description }) => description),
  ]);
  it('begins with an imperative', () => {
    expect(texts.filter((text) => !isImperative(text.replace(/^with --\w+: /, '')))).toEqual([]);
  });
  it('has 25 words a sentence at most, and no full stop', () => {
    expect(texts.filter((text) => tooLong(text) || /\.$/.test(text))).toEqual([]);
  });
});
