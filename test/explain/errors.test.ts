/** Every code has its page; the pages are fresh; their examples are what they say. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Explanation } from '../../src/diagnostics/code_row.ts';
import { type Code, codeNamed, codes, formerCodes } from '../../src/diagnostics/codes.ts';
import { explain } from '../../src/explain/examples.ts';
import { errorPages } from '../../src/explain/page.ts';
import { check } from '../../src/pipeline.ts';
import { makeSource } from '../../src/text/source.ts';

const all = Object.keys(codes) as Code[];
const rowOf = (code: Code): Explanation & { readonly formerly?: string } => codes[code];
const found = (text: string) => check(makeSource('example.tower', text)).diagnostics;

describe('every code', () => {
  it('is explained', () => {
    expect(all.filter((code) => codes[code].means === '' || /\bTODO\b/.test(codes[code].means))).toEqual([]);
  });
  it('has a page under docs/errors, as has each former name, and no other page exists', () => {
    const pages = readdirSync('docs/errors').filter((name) => name !== 'README.md');
    expect(pages.sort()).toEqual([...all, ...formerCodes.keys()].map((code) => `${code}.md`).sort());
  });
  it('has a former name that no other code has', () => {
    const former = all.flatMap((code) => rowOf(code).formerly ?? []);
    expect(former.filter((name) => Object.hasOwn(codes, name))).toEqual([]);
    expect(new Set(former).size).toBe(former.length);
    expect(codeNamed('label-sort')).toBe('label-type');
    expect(codeNamed('use-circle')).toBe('use-cycle');
  });
  it('has examples, or says what to do', () => {
    const silent = all.filter((code) => !rowOf(code).wrong && !rowOf(code).remedy);
    expect(silent).toEqual([]);
  });
});

it('the pages are fresh: `npm run generate` writes them', () => {
  const stale = [...errorPages()].filter(([path, text]) => readFileSync(path, 'utf8') !== text).map(([path]) => path);
  expect(stale).toEqual([]);
});

const shown = all.filter((code) => rowOf(code).wrong !== undefined);

/** Messages that a mistake cannot do without: what a misspelt ignore was meant to silence. */
const besides: Partial<Record<Code, Code[]>> = { 'ignore-unknown-code': ['few-negatives'] };

describe('the wrong example gets its message and no other', () => {
  it.each(shown)('%s', (code) => {
    const messages = found(explain(code)!.wrong!).map((one) => one.code);
    expect(messages.sort()).toEqual([code, ...(besides[code] ?? [])].sort());
  });
});

describe('the right example gets none', () => {
  it.each(shown)('%s', (code) => {
    const { wrong, right } = explain(code)!;
    expect(found(right!).map(({ code, message }) => `${code}: ${message}`)).toEqual([]);
    expect(right).not.toBe(wrong);
  });
});
