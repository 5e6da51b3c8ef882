/** Pages link to paragraphs of the specification that exist. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorOf, specLink, specSections } from '../../../src/compiler/explain/error_page.ts';
import { sections } from '../../../src/editor/reference/examples.ts';
import { pages, proseOf } from '../../docs/fences.ts';

const spec = readFileSync('docs/spec.md', 'utf8');
const headings = (text: string): string[] => [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading!);

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

it('has each paragraph that a page of the reference or of a code names, with the title of its section', () => {
  const named = sections.flatMap(({ paragraph }) => paragraph ?? []);
  const links = readdirSync('docs/errors').flatMap((name) =>
    [...readFileSync(join('docs/errors', name), 'utf8').matchAll(/^(\[Specification, ([\d.]+): .*)\.$/gm)].map(
      ([, link, paragraph]) => ({ name, link, paragraph: paragraph! }),
    ),
  );
  expect(links.length).toBeGreaterThan(100);
  expect([...named, ...links.map(({ paragraph }) => paragraph)].filter((one) => !paragraphs.has(one))).toEqual([]);
  expect(links.filter(({ link, paragraph }) => link !== specLink(paragraph))).toEqual([]);
});

it('is linked by the paragraph and the title of its section', () => {
  expect(specLink('9.3')).toBe('[Specification, 9.3: Tasks and losses](../spec.md#9-tasks-and-losses)');
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
