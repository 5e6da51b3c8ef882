import { expect, it } from 'vitest';
import { lineChart } from '../../../src/app/report/line_chart.ts';

const chart = (points: readonly (readonly [number, number])[], name = 'total'): string =>
  lineChart({ title: 'Loss', x: 'step', series: [{ name, points }] });

it('is a table where there is one place alone: a line needs two', () => {
  const one = chart([[1, 5.5]]);
  expect(one).not.toContain('<svg');
  expect(one).toContain('<th scope="row">1</th><td>5.5</td>');
  expect(chart([])).toBe('');
});

it('has so few numbers along its axis that they do not run into each other', () => {
  for (const last of [2, 6, 626, 1_878, 12_000, 1_000_000]) {
    const svg = chart([
      [1, 9],
      [last, 1],
    ]);
    const numbers = [...svg.matchAll(/transform="translate\(([\d.]+),23\d[^>]*>[\d,]+<\/text>/g)].map(([, x]) =>
      Number(x),
    );
    expect(numbers.length, String(last)).toBeGreaterThan(1);
    expect(numbers.length, String(last)).toBeLessThanOrEqual(7);
    for (const [i, x] of numbers.entries()) if (i > 0) expect(x - numbers[i - 1]!).toBeGreaterThan(55);
  }
});

it('draws a point where its numbers say, and a level over the whole width', () => {
  const svg = lineChart({
    title: 'Loss',
    x: 'epoch',
    series: [
      { name: 'a', points: [1, 2, 3].map((x) => [x, x]) },
      { name: 'b', points: [[2, 3]] },
    ],
    levels: [{ name: 'popularity', y: 2 }],
  });
  const dots = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(
    ([, x, y]) => [Number(x), Number(y)] as const,
  );
  const [first, second, third, alone] = dots as [
    (typeof dots)[0],
    (typeof dots)[0],
    (typeof dots)[0],
    (typeof dots)[0],
  ];
  expect(dots).toHaveLength(4);
  expect(second[0] - first[0]).toBeCloseTo(third[0] - second[0], 0);
  expect(first[1] - second[1]).toBeCloseTo(second[1] - third[1], 0);
  expect(alone).toEqual([second[0], third[1]]);
  expect(svg).toContain('>popularity</text>');
});

it('holds names as text, in the picture and outside of it', () => {
  const svg = chart(
    [
      [1, 2],
      [2, 1],
    ],
    '<i>"&',
  );
  expect(svg).not.toContain('<i>');
  expect(svg).toContain('&lt;i&gt;');
});
