import { expect, it } from 'vitest';
import { drawFile } from '../../../src/editor/drawing/drawing.ts';
import type { Drawing } from '../../../src/editor/drawing/drawn.ts';

const drawing: Drawing = {
  towers: [],
  tasks: [{ id: 'task a', kind: 'task', name: 'a', lines: [{ text: 'x'.repeat(200) }], reads: [] }],
};

it('shows a wide picture smaller, with all of it', () => {
  const { width, height } = drawFile('m', drawing);
  const small = drawFile('m', drawing, { most: 100 });
  expect(small.width).toBe(100);
  expect(small.height).toBeCloseTo((height * 100) / width, 1);
  expect(small.text).toContain(`width="100" height="${small.height}" viewBox="0 0 ${width} ${height}"`);
  expect(drawFile('m', drawing, { most: 10_000 }).width).toBe(width);
});

it('has the colours of one theme where it is asked for', () => {
  const dark = drawFile('m', drawing, { theme: 'dark' }).text;
  expect(dark).toContain('color-scheme: dark; --paper: #0f1216');
  expect(dark).not.toContain('prefers-color-scheme');
  expect(drawFile('m', drawing).text).toContain('prefers-color-scheme');
});
