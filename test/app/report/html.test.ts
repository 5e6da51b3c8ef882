import { expect, it } from 'vitest';
import { section, shell, wideSection } from '../../../src/app/report/html.ts';

const half = (title: string): string => section(title, 'text');
const wide = (title: string): string => wideSection(title, 'text');
const classesOf = (...parts: readonly string[]): string[] =>
  [...shell({ title: 'page', kind: 'a run' }, '', parts).matchAll(/<section(?: class="(\w+)")? id/g)].map(
    ([, name]) => name ?? 'half',
  );

it('marks a section of half a page that nobody stands beside, so that no half stays empty', () => {
  expect(classesOf(half('a'))).toEqual(['lone']);
  expect(classesOf(half('a'), half('b'))).toEqual(['half', 'half']);
  expect(classesOf(half('a'), half('b'), half('c'), wide('d'))).toEqual(['half', 'half', 'lone', 'wide']);
  expect(classesOf(wide('a'), half('b'), wide('c'), half('d'), '', half('e'))).toEqual([
    'wide',
    'lone',
    'wide',
    'half',
    'half',
  ]);
});
