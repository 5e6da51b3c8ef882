import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { renderDiagnostics } from '../../../src/base/diagnostics/render.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';
import { parse } from '../../../src/compiler/syntax/parse.ts';

const guide = new URL('../../../docs/guide/', import.meta.url);

/** The fences of one kind in a page, named by the line they begin on. */
function fences(page: string, language: string): { name: string; text: string }[] {
  const text = readFileSync(new URL(page, guide), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map((found) => ({
    name: `${page}:${text.slice(0, found.index).split('\n').length}`,
    text: found[1]!,
  }));
}

for (const page of readdirSync(guide).filter((name) => name.endsWith('.md') && fences(name, 'tower').length > 0)) {
  describe(page, () => {
    test.each(fences(page, 'tower'))('$name reads without a mistake', ({ name, text }) => {
      expect(renderDiagnostics(parse(makeSource(name, text)).diagnostics)).toBe('');
    });
  });
}

test.each(fences('language.md', 'tower'))('$name checks clean', ({ name, text }) => {
  expect(renderDiagnostics(checkSource(makeSource(name, text)).diagnostics)).toBe('');
});

test('the mistakes that the tour shows are what is really said', () => {
  const text = `model films

features {
  user_id : id(dim: 32)

group person = user_id
tower user(person) keyed by user_id {
  channel main = user_id -> mlp(128 64)
}
`;
  const shown = renderDiagnostics(parse(makeSource('films.tower', text)).diagnostics);
  expect(`${fences('language.md', 'text')[0]!.text}\n2 errors\n`).toBe(shown);
});
