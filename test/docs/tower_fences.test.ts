/** Every `tower` fence of the pages checks clean; one that is wrong on purpose is marked `wrong`, and is. */
import { describe, expect, it } from 'vitest';
import { loadUsed } from '../../src/app/api/check.ts';
import { renderDiagnostics } from '../../src/base/diagnostics/render.ts';
import { makeSource } from '../../src/base/text/source.ts';
import { checkSource } from '../../src/compiler/pipeline.ts';
import { fences, pages } from './fences.ts';

const all = pages.flatMap((page) => fences(page, 'tower'));
const diagnosticsOf = ({ name, text }: (typeof all)[number]) =>
  // What a fence uses lies where it says, from the root of the project.
  checkSource(makeSource(name, text), { load: loadUsed, folder: '.', project: '.' }).diagnostics;

// A `part` is of a model that is not shown whole: the test of the pages that have them checks that.
describe('a fence', () => {
  it('of every kind is there: models, data; wrong ones are distinguished from the rest', () => {
    expect(all.length).toBeGreaterThan(10);
    expect([...new Set(all.map(({ mark }) => mark))].filter((mark) => !['', 'wrong', 'part'].includes(mark))).toEqual(
      [],
    );
  });

  it.each(all.filter(({ mark }) => mark === ''))('$name checks clean', (fence) => {
    expect(renderDiagnostics(diagnosticsOf(fence))).toBe('');
  });

  it.each(all.filter(({ mark }) => mark === 'wrong'))('$name is wrong, as it is meant to be', (fence) => {
    expect(diagnosticsOf(fence)).not.toEqual([]);
  });
});
