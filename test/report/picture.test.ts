import { describe, expect, it } from 'vitest';
import type { Box, Drawing } from '../../src/report/drawn.ts';
import { figureOf, svgFile } from '../../src/report/picture.ts';

const hostile = `<b>"1 & 2"</b>`;
const box = (name: string, text: string, kind: Box['kind'], reads: readonly string[] = []): Box => ({
  id: `${kind} ${name}`,
  kind,
  name,
  lines: [{ text, gives: 'vector[4]' }],
  reads,
});
const drawingOf = (flow: string): Drawing => ({
  towers: [
    { name: 'user', boxes: [box('main', flow, 'channel')] },
    { name: 'item', boxes: [box(hostile, 'mlp(4)', 'step')] },
  ],
  tasks: [box('watch', 'cosine(user, item)', 'task', ['channel main', `step ${hostile}`])],
});
const sizes = (svg: string): number[] =>
  [...svg.matchAll(/<rect class="box[^>]* width="([\d.]+)"/g)].map(([, n]) => Number(n));

describe('the picture of a model', () => {
  it('as a file names what it is, brings its colours, and has no words that are markup', () => {
    const svg = svgFile('two', drawingOf('mlp(4)'));
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" .* aria-label="The model two: /);
    expect(svg).toContain('prefers-color-scheme: dark');
    expect(svg).not.toContain('<b>');
    expect(svg.match(/<path class="arrow"/g)).toHaveLength(2);
  });

  it('is as wide as its words need, and shortens only what no box could hold', () => {
    const [short] = sizes(svgFile('two', drawingOf('mlp(4)')));
    const fits = 'mmoe(view, like, experts: 4, units: 64)';
    const wide = svgFile('two', drawingOf(fits));
    expect(wide).toContain(`>${fits}</text>`);
    expect(sizes(wide)[0]).toBeGreaterThan(short!);
    expect(svgFile('two', drawingOf('x'.repeat(200)))).toMatch(/>x{20,60}…<\/text>/);
  });

  it('keeps every box within its frame, also where a task is wider than the towers', () => {
    const drawing = drawingOf('mlp(4)');
    const tasks = [1, 2, 3].map((at) =>
      box(`t${at}`, 'softmax(in_batch, temperature: 0.05, correction: frequency)', 'task'),
    );
    const svg = svgFile('two', { ...drawing, tasks });
    const whole = Number(/ width="([\d.]+)"/.exec(svg)![1]);
    for (const [, x, width] of svg.matchAll(/<rect class="box[^>]* x="([\d.-]+)" [^>]*?width="([\d.]+)"/g)) {
      expect(Number(x)).toBeGreaterThanOrEqual(0);
      expect(Number(x) + Number(width)).toBeLessThanOrEqual(whole);
    }
  });

  it('in a report has the same as a table', () => {
    expect(figureOf('two', drawingOf('mlp(4)'))).toContain('<td>cosine(user, item)</td>');
  });
});
