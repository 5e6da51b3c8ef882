/** Every code has its page, and the examples of the pages are what they say: `UPDATE=1` writes what `tower check` prints now. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Code, codes } from '../../../src/base/diagnostics/codes.ts';
import { renderDiagnostics } from '../../../src/base/diagnostics/render.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { errorIndex, readErrorPage, severityText } from '../../../src/compiler/explain/error_page.ts';
import { formatSource } from '../../../src/compiler/format/format.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';

const all = Object.keys(codes) as Code[];
const pathOf = (code: Code): string => `docs/errors/${code}.md`;
const found = (text: string) => checkSource(makeSource('example.tower', text)).diagnostics;

describe('every code', () => {
  it('has a page under docs/errors, and no other page exists', () => {
    const pages = readdirSync('docs/errors').filter((name) => name !== 'README.md');
    expect(pages.sort()).toEqual(all.map((code) => `${code}.md`).sort());
  });
});

it('the list of codes is fresh: `npm run generate` writes it', () => {
  const stale = [...errorIndex()].filter(([path, text]) => readFileSync(path, 'utf8') !== text).map(([path]) => path);
  expect(stale).toEqual([]);
});

const link = /\n\[Specification, .*\.\n$/;
const fence = (info: string, text: string): string => {
  const edge = text.startsWith('```') ? '~~~~' : '```';
  return `${edge}${info}\n${text}${edge}`;
};

describe('the page of', () => {
  it.each(all)('%s has its name, its severity, what it means, examples or what to do, and nothing else', (code) => {
    const { severity, means, wrong, printed, right, remedy } = readErrorPage(code);
    const parts = [`# ${code}`, severityText(code, severity), means];
    if (wrong !== undefined) {
      parts.push('## Wrong', fence('tower wrong', wrong), '`tower check` prints:', fence('text', printed!));
      parts.push('## Right', fence('tower', right!));
    }
    if (remedy !== undefined) parts.push('## What to do', remedy);
    expect(readFileSync(pathOf(code), 'utf8').replace(link, '')).toBe(`${parts.join('\n\n')}\n`);
    expect(means).not.toMatch(/\bTODO\b|^$/);
    expect(wrong ?? remedy).toBeTruthy();
  });
});

it('a page is read by its headings', () => {
  const page = readErrorPage('bce-unscaled');
  expect(page.means).toMatch(/^A cosine is between/);
  expect(page.wrong).toMatch(/^model small\n[\s\S]*loss = bce, label = liked \}\n$/);
  expect(page.printed).toMatch(/^example.tower:\d+:\d+: warning: [\s\S]*\n1 warning\n$/);
  expect(page.remedy).toBeUndefined();
  expect(readErrorPage('cannot-write').remedy).not.toContain('Specification');
});

const shown = all.filter((code) => existsSync(pathOf(code)) && readErrorPage(code).wrong !== undefined);

/** Messages that a mistake cannot do without: what a misspelt ignore was meant to silence. */
const besides: Partial<Record<Code, Code[]>> = { 'ignore-unknown-code': ['few-negatives'] };

/** A text with mistakes of syntax remains as it was written. */
const formatted = (text: string): string => formatSource(makeSource('example.tower', text)).output ?? text;

describe('the wrong example gets its message and no other, and is printed so', () => {
  it.each(shown)('%s', (code) => {
    const { wrong, printed } = readErrorPage(code);
    const diagnostics = found(wrong!);
    expect(diagnostics.map((one) => one.code).sort()).toEqual([code, ...(besides[code] ?? [])].sort());
    const now = renderDiagnostics(diagnostics);
    if (process.env.UPDATE && now !== printed) {
      const path = pathOf(code);
      writeFileSync(
        path,
        readFileSync(path, 'utf8').replace(printed!, () => now),
      );
    } else expect(printed).toBe(now);
    expect(wrong).toBe(formatted(wrong!));
  });
});

describe('the right example gets none', () => {
  it.each(shown)('%s', (code) => {
    const { wrong, right } = readErrorPage(code);
    expect(found(right!).map(({ code, message }) => `${code}: ${message}`)).toEqual([]);
    expect(right).not.toBe(wrong);
    expect(right).toBe(formatted(right!));
  });
});
