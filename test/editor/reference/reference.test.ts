/** Every kind has its entry; the pages are fresh; each example checks within a small model. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderDiagnostics } from '../../../src/base/diagnostics/render.ts';
import { findNearest } from '../../../src/base/text/nearest.ts';
import { library } from '../../../src/compiler/model/library.ts';
import {
  allKinds,
  exampleOf,
  innerKinds,
  kindNames,
  kindsAround,
  kindsNamed,
  type LibraryKind,
} from '../../../src/editor/reference/examples.ts';
import { referencePages, shapesOf } from '../../../src/editor/reference/reference_page.ts';

const kinds = allKinds();
const named = ({ section, name }: LibraryKind): string => `${section.table}: ${name}`;
const pages = referencePages();
const kindCalled = (name: string): LibraryKind => kindsNamed(name)[0]!;

describe('the reference', () => {
  it('has every row of every table of the library', () => {
    const rows = Object.entries(library).flatMap(([table, rows]) =>
      Object.keys(rows).map((name) => `${table}: ${name}`),
    );
    expect(kinds.map(named).sort()).toEqual(rows.sort());
    expect(rows.length).toBeGreaterThan(50);
  });

  it('is fresh: `npm run generate` writes it', () => {
    expect([...pages].filter(([path, text]) => readFileSync(path, 'utf8') !== text).map(([path]) => path)).toEqual([]);
  });

  it('has no page that nothing generates', () => {
    expect(readdirSync('docs/reference').filter((name) => !pages.has(`docs/reference/${name}`))).toEqual([]);
  });

  it.each(kinds.map((kind) => [named(kind), kind] as const))(
    '%s: the index leads to its entry',
    (_, { name, section }) => {
      expect(pages.get('docs/reference/README.md')).toContain(`(${section.table}.md#${name})`);
      expect(pages.get(`docs/reference/${section.table}.md`)).toContain(`\n## ${name}\n`);
    },
  );

  it('says type, range and default of an argument, and what it must be given', () => {
    const page = pages.get('docs/reference/blocks.md')!;
    expect(page).toContain('| `units` | any number of arguments, each a whole number of at least 1 | one at least |');
    expect(page).toContain('| `reduction` | a whole number of at least 1 | `3` |');
  });

  it('says what the kinds of an argument are', () => {
    expect(innerKinds(kindCalled('bpr')).map(({ name }) => name)).toContain('sampled');
    expect(pages.get('docs/reference/losses.md')).toContain('**sampled**, for `negatives`:');
  });
});

describe('the example of a kind', () => {
  it.each(kinds.map((kind) => [named(kind), kind] as const))(
    '%s checks within a small model, and is shown',
    (_, kind) => {
      const { checked, excerpt, model } = exampleOf(kind);
      expect(renderDiagnostics(checked.diagnostics)).toBe('');
      expect(checked.model).toBeDefined();
      expect(excerpt).toContain(kind.row.example);
      expect(model).toContain(excerpt.trimEnd());
    },
  );

  it('shows what a block makes of what it gets', () => {
    const senet = kindCalled('senet');
    expect(shapesOf(senet, exampleOf(senet))).toBe('fields[16, 8, 4] → fields[16, 8, 4]');
    const residual = kindCalled('residual');
    expect(shapesOf(residual, exampleOf(residual))).toBe('vector[64] → vector[64]');
  });
});

describe('a name', () => {
  it('finds every kind of that name, and the kind whose argument it is for', () => {
    expect(kindsNamed('senet').map(named)).toEqual(['blocks: senet']);
    expect(kindsAround('sampled').map(({ name }) => name)).toContain('bpr');
  });
  it('that is misspelt finds the nearest', () => {
    expect(findNearest('sennet', kindNames())).toBe('senet');
  });
});
