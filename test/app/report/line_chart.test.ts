import { expect, it } from 'vitest';
import { lineChart } from '../../../src/app/report/line_chart.ts';

const chart = (points: readonly (readonly [number, number])[]): string =>
  lineChart({ title: 'Loss', x: 'step', series: [{ name: 'total', points }] });

it('is a table where there is one place alone: a line needs two', () => {
  const one = chart([[1, 5.5]]);
  expect(one).not.toContain('<svg');
  expect(one).toContain('<th scope="row">1</th><td>5.5</td>');
  expect(chart([])).toBe('');
});

it('has so few numbers along its axis that they do not run into each other', () => {
  for (const last of [2, 6, 626, 1_878, 12_000, 1_000_000]) {
    const feet = [
      ...chart([
        [1, 9],
        [last, 1],
      ]).matchAll(/<text x="[\d.]+" y="228"/g),
    ];
    expect(feet.length, String(last)).toBeGreaterThan(0);
    expect(feet.length, String(last)).toBeLessThanOrEqual(7);
  }
});
