/** Pages link to paragraphs of the specification that exist. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Code, codes } from '../../src/diagnostics/codes.ts';
import { anchorOf, paragraphOf, specLink, specSections } from '../../src/explain/specification.ts';
import { sections } from '../../src/reference/kinds.ts';
import { pages, proseOf } from '../docs/fences.ts';

const spec = readFileSync('docs/spec.md', 'utf8');
const headings = (text: string): string[] => [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading!);
const all = Object.keys(codes) as Code[];

/** `9` and each `9.3`. */
const paragraphs = new Set(
  [...spec.matchAll(/^(?:## (\d+) |\*\*(\d+\.\d+)[ *])/gm)].map(([, one, two]) => one ?? two!),
);

it('has the sections that the links name, in order', () => {
  const numbered = headings(spec).filter((heading) => /^\d/.test(heading));
  expect(numbered).toEqual(specSections.map((title, at) => `${at + 1} ${title}`));
});

it('writes the anchors that GitHub gives', () => {
  expect(anchorOf('5 Features, labels and groups')).toBe('5-features-labels-and-groups');
  expect(anchorOf('cross_v2')).toBe('cross_v2');
});

it('has each paragraph that a code or a page of the reference names', () => {
  const named = [...all.map(paragraphOf), ...sections.map(({ paragraph }) => paragraph)].filter(
    (one) => one !== undefined,
  );
  expect(named.filter((one) => !paragraphs.has(one))).toEqual([]);
});

it('is linked by the paragraph and the title of its section', () => {
  expect(paragraphOf('bce-unscaled')).toBe('9.3');
  expect(specLink('9.3')).toBe('[Specification, 9.3: Tasks and losses](../spec.md#9-tasks-and-losses)');
  expect(paragraphOf('cannot-write')).toBeUndefined();
});

describe('links to a heading', () => {
  const headingsOf = new Map(pages.map((page) => [page, headings(proseOf(page)).map(anchorOf)]));
  const links = pages.flatMap((page) =>
    [...proseOf(page).matchAll(/\]\(([^)\s:#]*)#([^)]+)\)/g)].map(([, to, anchor]) => ({
      page,
      to: to === '' ? page : join(dirname(page), to!),
      anchor: anchor!,
    })),
  );

  it('find it', () => {
    expect(links.length).toBeGreaterThan(100);
    expect(links.filter(({ to, anchor }) => !headingsOf.get(to)?.includes(anchor))).toEqual([]);
  });
});
