/** Of each model, and of its training step, at several widths: no arrow runs behind a box, and none shares a line with one that it has no end in common with. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeSource } from '../../../src/base/text/source.ts';
import { compileSource } from '../../../src/compiler/pipeline.ts';
import { drawModel } from '../../../src/editor/drawing/drawing.ts';
import { type Drawing, drawingOf } from '../../../src/editor/drawing/drawn.ts';
import { drawingOfGraph } from '../../../src/editor/drawing/graph_drawing.ts';

const models = readdirSync('models')
  .filter((name) => name.endsWith('.tower'))
  .map((name) => [name, compileSource(makeSource(name, readFileSync(`models/${name}`, 'utf8')))] as const);

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Places along a path of `M`, `V` and `C`. */
function along(d: string): Point[] {
  const points: Point[] = [];
  let at: Point = { x: 0, y: 0 };
  for (const [, letter, rest] of d.matchAll(/([MVC])([^MVC]*)/g)) {
    const n = rest!.trim().split(/\s+/).map(Number);
    const from = at;
    if (letter === 'M') at = { x: n[0]!, y: n[1]! };
    else if (letter === 'V') at = { x: from.x, y: n[0]! };
    else at = { x: n[4]!, y: n[5]! };
    if (letter === 'M') {
      points.push(at);
      continue;
    }
    for (let step = 1; step <= 24; step++) {
      const t = step / 24;
      const mix = (a: number, b: number, c: number, e: number): number =>
        (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t * t * c + t ** 3 * e;
      points.push(
        letter === 'C'
          ? { x: mix(from.x, n[0]!, n[2]!, at.x), y: mix(from.y, n[1]!, n[3]!, at.y) }
          : { x: from.x + t * (at.x - from.x), y: from.y + t * (at.y - from.y) },
      );
    }
  }
  return points;
}

/** Boxes of a picture by their rectangles, and what of its arrows they hide. */
function hidden(drawing: Drawing, width: number): string[] {
  const { svg } = drawModel('x', drawing, { width });
  const boxes = [
    ...svg.matchAll(
      /<g data-box="([^"]*)".*?<rect class="box[^"]*" x="([\d.-]+)" y="([\d.-]+)" width="([\d.]+)" height="([\d.]+)"/gs,
    ),
  ].map(([, id, ...numbers]) => {
    const [x, y, w, h] = numbers.map(Number) as [number, number, number, number];
    return { id: id!, x, y, w, h };
  });
  const paths = [...svg.matchAll(/class="arrow"[^>]* d="([^"]+)"/g)].map(([, d]) => d!);
  expect(boxes.length).toBeGreaterThan(0);
  return paths.flatMap((d) => {
    const points = along(d);
    return boxes.flatMap(({ id, x, y, w, h }) =>
      points.some((at) => at.x > x + 1 && at.x < x + w - 1 && at.y > y + 1 && at.y < y + h - 1)
        ? [`${d} is behind ${id}`]
        : [],
    );
  });
}

/** Lines straight down that two arrows share, although they neither begin nor end together. */
function shared(drawing: Drawing, width: number): string[] {
  const { svg } = drawModel('x', drawing, { width });
  const lines = [...svg.matchAll(/class="arrow"[^>]* d="([^"]+)"/g)].flatMap(([, d]) => {
    const points = along(d!);
    const ends = [d!.split('V')[0]!.split('C')[0]!, d!.split(' ').slice(-2).join(' ')];
    return points
      .slice(1)
      .flatMap((to, i) =>
        to.x === points[i]!.x && to.y > points[i]!.y ? [{ d: d!, ends, x: to.x, from: points[i]!.y, to: to.y }] : [],
      );
  });
  return lines.flatMap((a, i) =>
    lines
      .slice(i + 1)
      .filter((b) => a.d !== b.d && a.x === b.x && a.from < b.to - 0.5 && b.from < a.to - 0.5)
      .filter((b) => a.ends[0] !== b.ends[0] && a.ends[1] !== b.ends[1])
      .map((b) => `${a.d} and ${b.d} share a line`),
  );
}

describe.each([340, 610, 1100])('arrows of a picture %i wide', (width) => {
  it.each(models)('%s', (_, { model, lowered }) => {
    const ofModel = drawingOf(model!, lowered!.arrows);
    const ofStep = drawingOfGraph(
      lowered!.plan.step.graph,
      lowered!.plan.towers.map(({ name }) => name),
    );
    // A score that is fitted as a whole takes no step.
    for (const drawing of lowered!.plan.fitted ? [ofModel] : [ofModel, ofStep]) {
      expect(hidden(drawing, width)).toEqual([]);
      expect([...new Set(shared(drawing, width))]).toEqual([]);
    }
  });
});
