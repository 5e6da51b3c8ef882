/** The colours of all pages can be read: contrasts by the formula of the Web Content Accessibility Guidelines. */
import { expect, it } from 'vitest';
import { basics, brand, coloursCss, icon, mark, tokens } from '../../../src/editor/drawing/design.ts';

const colour = (css: string, name: string): number[] =>
  [1, 3, 5].map(
    (at) => Number.parseInt(new RegExp(`--${name}: (#\\w{6});`).exec(css)![1]!.slice(at, at + 2), 16) / 255,
  );
const light = (rgb: readonly number[]): number => {
  const [r, g, b] = rgb.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
};
const contrast = (one: readonly number[], other: readonly number[]): number => {
  const [bright, dark] = [light(one), light(other)].toSorted((a, b) => b - a);
  return (bright! + 0.05) / (dark! + 0.05);
};

it.each(['light', 'dark'] as const)('words on what is behind them differ by 4.5 at least: %s', (theme) => {
  const css = coloursCss(theme);
  for (const behind of ['paper', 'card', 'wash']) {
    for (const word of ['ink', 'soft', 'accent', 'good', 'fair', 'bad', 'c0', 'c1', 'c2', 'c3', 'c4', 'c5']) {
      expect(contrast(colour(css, word), colour(css, behind)), `${word} on ${behind}`).toBeGreaterThan(4.5);
    }
  }
});

it('the same names in both themes, and nothing that a page would load', () => {
  const names = (css: string) => [...css.matchAll(/--(\w+):/g)].map(([, name]) => name);
  expect(names(coloursCss('dark'))).toEqual(names(coloursCss('light')));
  expect(`${tokens}${basics}${mark}${icon}`).not.toMatch(/url\(|@import|https?:\/\//);
  expect(brand.match(/url\([^)]{0,20}/g)).toEqual(['url("data:image/svg+xml,']);
});
