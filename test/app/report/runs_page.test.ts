/** Which of several runs a report calls the best, and how sure it says that is. */
import { describe, expect, it } from 'vitest';
import { type NamedRun, runsPage, runsVerdict } from '../../../src/app/report/runs_page.ts';
import type { Evaluation } from '../../../src/training/evaluation/evaluate_model.ts';
import { partsOf } from './parts.ts';

/** A run whose recall on the test part is in an interval. */
function run(name: string, low: number, high: number, more: Partial<Evaluation> = {}): NamedRun {
  const { evaluation, ...parts } = partsOf();
  const [row] = evaluation!.rows;
  const mean = (low + high) / 2;
  const own = { ...row!, all: { 'recall@5': mean }, intervals: { 'recall@5': { mean, low, high } } };
  return { ...parts, name, evaluation: { ...evaluation!, rows: [own, ...evaluation!.rows.slice(1)], ...more } };
}

const titleOf = (html: string): string => /<h2>(.*?)<\/h2>/.exec(html)![1]!;

describe('the best of several runs', () => {
  it('is that of the test part, and the runs whose intervals overlap are named', () => {
    const html = runsVerdict([run('a', 0.1, 0.2), run('b', 0.3, 0.5), run('c', 0.2, 0.4)]);
    expect(titleOf(html)).toBe('b has the best recall@5 of the test part: 0.4000');
    expect(html).toContain('Its interval overlaps that of c.');
    expect(html).toContain('tower compare');
    // It is beaten by a baseline: the best run may still be a bad one.
    expect(html).toContain('ease (0.5000) beats b.');
    expect([...html.matchAll(/<th scope="row">(\w+)<\/th>/g)].map(([, name]) => name)).toEqual(['b', 'c', 'a', 'ease']);
    expect([...html.matchAll(/<line[^>]*y1="([\d.]+)"[^>]*y2="\1"/g)].length).toBeGreaterThanOrEqual(4);
  });

  it('is sure where no interval overlaps', () => {
    const html = runsVerdict([run('a', 0.1, 0.2), run('b', 0.3, 0.5)]);
    expect(html).toContain('Its interval is above those of all other runs.');
  });

  it.each([
    ['not evaluated', { ...run('a', 0.1, 0.2), evaluation: undefined }],
    ['evaluated on another part', run('a', 0.1, 0.2, { part: 'validation' })],
    ['evaluated on other events', run('a', 0.1, 0.2, { events: 7 })],
  ] as const)('is that of validation where a run was %s', (_, other) => {
    const html = runsVerdict([run('b', 0.3, 0.5), other as NamedRun]);
    expect(titleOf(html)).toMatch(/^[ab] has the best recall@5 on validation: 0\.5000$/);
    expect(html).not.toMatch(/\d to \d/);
  });

  it('is no run where the runs were measured on other data', () => {
    const b = run('b', 0.3, 0.5);
    const fingerprint = { events: 'other' };
    const other = { ...b, manifest: { ...b.manifest, data: { ...b.manifest.data, fingerprint } } } as NamedRun;
    const html = runsVerdict([run('a', 0.1, 0.2), other]);
    expect(titleOf(html)).toBe('No run is best: they were not measured on the same events');
    expect(html).not.toMatch(/has the best|<svg/);
  });

  it('names no run where none was validated', () => {
    const parts = run('a', 0.1, 0.2);
    const none = { ...parts, evaluation: undefined, curves: { ...parts.curves, epochs: [] } } as unknown as NamedRun;
    expect(titleOf(runsVerdict([none]))).toBe('No run was validated');
  });
});

it('shows the map of each run, and a changed setting once', () => {
  const withSeed = (seed: number): NamedRun => {
    const { manifest, ...parts } = run(`seed ${seed}`, 0.1, 0.2);
    return { ...parts, manifest: { ...manifest, seed, settings: { seed: String(seed), width: String(seed) } } };
  };
  const page = runsPage([withSeed(1), withSeed(2)]);
  const [, maps] = page.split('<h2>Maps of items</h2>');
  expect(maps!.match(/aria-label="seed \d: 40 % of the variance/g)).toHaveLength(2);
  const [, settings] = page.split('<h2>Settings that differ</h2>');
  expect([...settings!.matchAll(/<th scope="row">(.*?)<\/th>/g)].map(([, name]) => name)).toEqual([
    'seed',
    '--set width',
  ]);
});
