import { expect, it } from 'vitest';
import { barChart, intervalChart } from '../../../src/app/report/bar_charts.ts';

const numbers = (svg: string, pattern: RegExp): number[] => [...svg.matchAll(pattern)].map(([, n]) => Number(n));

it('draws bars as long as their values, from the same edge', () => {
  const svg = barChart(
    'Time',
    [
      { name: 'engine', value: 8, text: '8 s' },
      { name: '<b>', value: 2, text: '<i>' },
    ],
    { full: 16 },
  );
  const [long, short] = numbers(svg, /<rect[^>]* width="([\d.]+)"/g) as [number, number];
  expect(long / short).toBeCloseTo(4, 1);
  expect(new Set(numbers(svg, /<rect[^>]* x="([\d.]+)"/g)).size).toBe(1);
  expect(svg).not.toMatch(/<[bi]>/);
});

it('draws an interval from its low to its high end, and its numbers as a table', () => {
  const interval = { mean: 0.3, low: 0.2, high: 0.4 };
  const svg = intervalChart('recall', [
    { name: 'own', value: 0.3, interval, tone: 'own' },
    { name: 'ease', value: 0.1, tone: 'above', difference: '+0.2000' },
  ]);
  const [dot] = numbers(svg, /<circle cx="([\d.]+)"/g);
  const whisker = /stroke="var\(--c0\)"[^>]*><line x1="([\d.]+)" x2="([\d.]+)"/.exec(svg)!.slice(1).map(Number) as [
    number,
    number,
  ];
  expect(whisker[0]).toBeLessThan(whisker[1]);
  expect(dot).toBeCloseTo((whisker[0] + whisker[1]) / 2, 0);
  expect(svg).toContain('<th scope="row">ease</th><td>0.1000</td><td>–</td><td>+0.2000</td>');
});
