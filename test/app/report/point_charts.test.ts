import { expect, it } from 'vitest';
import { mapChart, scatterChart } from '../../../src/app/report/point_charts.ts';

it('draws a dot for each point that has numbers, and names it as text', () => {
  const svg = scatterChart({
    title: 'rate',
    x: 'rate',
    y: 'recall',
    scale: { type: 'log', domain: [0.001, 0.1] },
    points: [
      { x: 0.001, y: 0.1, name: '<b>' },
      { x: 0.01, y: 0.2, name: 'middle' },
      { x: 0.1, y: 0.3, name: 'right' },
      { x: 0.1, y: Number.NaN, name: 'failed' },
    ],
  });
  const xs = [...svg.matchAll(/<circle cx="([\d.]+)"/g)].map(([, x]) => Number(x));
  expect(xs).toHaveLength(3);
  expect(xs[1]! - xs[0]!).toBeCloseTo(xs[2]! - xs[1]!, 0);
  expect(svg).toContain('<title>&lt;b&gt;: 0.001, 0.1</title>');
  expect(scatterChart({ title: 'none', x: 'x', y: 'y', points: [] })).toBe('');
});

it('writes powers of ten along a logarithmic axis, and the ends of the range', () => {
  const points = [0.01, 0.5].map((x) => ({ x, y: 1 + x, name: 'point' }));
  const scale = { type: 'log', domain: [0.01, 0.5] } as const;
  const svg = scatterChart({ title: 'rate', x: 'rate', y: 'recall', scale, points });
  const written = [...svg.matchAll(/>(0[.\d]*)<\/text>/g)].map(([, number]) => number);
  expect(written).toEqual(['0.01', '0.1', '0.5']);
});

it('names points that have room, none by a number, and shades groups that have an order', () => {
  const points = Array.from({ length: 40 }, (_, at) => ({
    x: at % 2,
    y: at / 100,
    title: `Film ${at} (1990)`,
    group: 0,
  }));
  const options = { groups: ['many', 'some', 'few'], isOrdered: true };
  const names = (svg: string) => [...svg.matchAll(/>(Film \d+)<\/text>/g)].map(([, name]) => name!);
  const shown = names(mapChart('Items', points, options));
  expect(shown[0]).toBe('Film 0');
  expect(shown.length).toBeGreaterThan(1);
  expect(shown.length).toBeLessThan(13);
  const keys = mapChart(
    'Items',
    points.map((point, at) => ({ ...point, title: String(at) })),
    options,
  );
  expect(keys).not.toMatch(/>\d+<\/text>/);
  expect([...keys.matchAll(/background:var\(--c0\);opacity:([\d.]+)/g)].map(([, opacity]) => opacity)).toEqual([
    '0.9',
    '0.5',
    '0.25',
  ]);
});

it('writes no name over another where all items have the same vector', () => {
  const points = Array.from({ length: 30 }, (_, at) => ({ x: 1, y: 1, title: `Film ${at}`, group: 0 }));
  const svg = mapChart('Items', points, { groups: ['all'] });
  const places = [...svg.matchAll(/<text[^>]* x="([\d.-]+)" y="([\d.-]+)"[^>]*>Film \d+</g)].map(
    ([, x, y]) => `${x} ${y}`,
  );
  expect(svg).not.toContain('NaN');
  // There is room to the right, to the left, above and below.
  expect(places.length).toBeGreaterThan(0);
  expect(places.length).toBeLessThanOrEqual(4);
  expect(new Set(places).size).toBe(places.length);
});

it('maps points by colour of their group, with one scale for both directions', () => {
  const svg = mapChart(
    'Items',
    [
      { x: 0, y: 0, title: '<i>', group: 0 },
      { x: 1, y: 0, title: 'b', group: -1 },
      { x: 0, y: 1, title: 'c', group: 1 },
    ],
    { groups: ['Drama', '<script>'] },
  );
  const at = (title: string): number[] =>
    new RegExp(`cx="([\\d.]+)" cy="([\\d.]+)"[^>]*><title>${title}<`).exec(svg)!.slice(1).map(Number);
  const [origin, right, up] = [at('&lt;i&gt;'), at('b'), at('c')];
  expect(right[0]! - origin[0]!).toBeCloseTo(origin[1]! - up[1]!, 0);
  expect(svg).not.toMatch(/<i>|<script/);
  expect(svg.match(/<li>/g)).toHaveLength(3);
});
