import { describe, expect, it } from 'vitest';
import { figureOf } from '../../../src/app/report/run_page.ts';
import { drawModel, svgFile } from '../../../src/editor/drawing/drawing.ts';
import type { Box, Drawing } from '../../../src/editor/drawing/drawn.ts';

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

  it('puts towers side by side in any width, breaks their rows, and draws each arrow around what is between', () => {
    const channels = ['a', 'b', 'c', 'd'].map((name) => box(name, 'mlp(128, 64)', 'channel', ['step first']));
    const tower = (name: string) => ({ name, boxes: [box('first', 'senet', 'step'), ...channels] });
    const other = tower('item').boxes.map((each) => ({
      ...each,
      id: `item ${each.id}`,
      reads: each.reads.map((id) => `item ${id}`),
    }));
    const drawing: Drawing = {
      towers: [tower('user'), { name: 'item', boxes: other }],
      tasks: [
        box(
          'watch',
          'cosine(user, item)',
          'task',
          [...channels, ...other].map(({ id }) => id).filter((id) => id.includes('channel')),
        ),
      ],
    };
    const boxesOf = (svg: string) =>
      [
        ...svg.matchAll(
          /data-box="([^"]+)">[\s\S]*?<rect class="box[^>]* x="([\d.-]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g,
        ),
      ].map(([, id, ...numbers]) => [id!, numbers.map(Number) as [number, number, number, number]] as const);
    for (const [width, columns] of [
      [1700, 4],
      [700, 2],
      [360, 1],
    ] as const) {
      const picture = drawModel('wide', drawing, { width });
      expect(picture.width).toBeLessThanOrEqual(width * 1.12);
      const boxes = new Map(boxesOf(picture.svg));
      expect(boxes.size).toBe(11);
      const [user, item] = [boxes.get('step first')!, boxes.get('item step first')!];
      expect(user[1]).toBe(item[1]);
      expect(new Set(channels.map(({ id }) => boxes.get(id)![0])).size).toBe(columns);
      const task = boxes.get('task watch')!;
      for (const [id, [, y, , height]] of boxes) if (id !== 'task watch') expect(y + height).toBeLessThan(task[1]);
      // The straight part of an arrow runs through no box.
      for (const [, path] of picture.svg.matchAll(/<path class="arrow"[^>]* d="([^"]+)"/g)) {
        const straight = /C[\d.-]+ [\d.-]+ ([\d.-]+) [\d.-]+ \1 ([\d.-]+)V([\d.-]+)C/.exec(path!);
        if (!straight) continue;
        const [x, from, to] = straight.slice(1).map(Number) as [number, number, number];
        expect(x).toBeGreaterThanOrEqual(0);
        for (const [left, y, wide, high] of boxes.values()) {
          expect(x > left && x < left + wide && to > y && from < y + high).toBe(false);
        }
      }
    }
    const folded = drawModel('wide', drawing, { width: 700, folded: new Set(channels.map(({ id }) => id)) });
    expect(folded.height).toBeLessThan(drawModel('wide', drawing, { width: 700 }).height + 1);
    expect(folded.svg.match(/>mlp\(128, 64\)<\/text>/g)).toHaveLength(4);
  });

  it('in a report has the same as a table', () => {
    expect(figureOf('two', drawingOf('mlp(4)'))).toContain('<td>cosine(user, item)</td>');
  });
});
