/** Every graph of every model as a picture: it has all values once, and no arrow that runs back. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeSource } from '../../../src/base/text/source.ts';
import { compileSource } from '../../../src/compiler/pipeline.ts';
import { drawModel } from '../../../src/editor/drawing/drawing.ts';
import type { Box } from '../../../src/editor/drawing/drawn.ts';
import { drawingOfGraph } from '../../../src/editor/drawing/graph_drawing.ts';
import { placeBoxes } from '../../../src/editor/drawing/layout.ts';
import type { Graph } from '../../../src/graph/graph.ts';

const lowered = (name: string) =>
  compileSource(makeSource(`${name}.tower`, readFileSync(`models/${name}.tower`, 'utf8'))).lowered!;
const towersOf = ({ plan }: ReturnType<typeof lowered>): string[] => plan.towers.map(({ name }) => name);
const models = readdirSync('models').flatMap((file) => (file.endsWith('.tower') ? [file.slice(0, -6)] : []));

/** How many ops the lines of boxes name. */
const opsIn = (boxes: readonly Box[]): number =>
  boxes
    .flatMap(({ lines }) => lines)
    .filter(({ text }) => !/^(reads|gives) /.test(text))
    .flatMap(({ text }) => text.split(', '))
    .reduce((sum, part) => sum + (/^\d+/.test(part) ? Number.parseInt(part, 10) : 1), 0);

const computed = ({ nodes }: Graph): number =>
  nodes.filter(({ op }) => !['Input', 'Parameter', 'Constant'].includes(op)).length;

describe.each(models)('%s', (name) => {
  const all = lowered(name);
  it.each([
    ['step', all.plan.step.graph] as const,
    ...all.plan.towers.map((one) => [one.name, one.embedded.graph] as const),
  ])('graph %s', (_, graph) => {
    const drawing = drawingOfGraph(graph, towersOf(all));
    const boxes = [...drawing.towers.flatMap((tower) => tower.boxes), ...drawing.tasks];
    expect(opsIn(boxes)).toBe(computed(graph));
    const ids = boxes.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    // As it is drawn, each box is below all that it reads.
    const { placed } = placeBoxes(drawing, 900, () => 200);
    for (const { id, reads } of boxes) {
      for (const read of reads) expect(placed.get(read)!.bottom, `${read} → ${id}`).toBeLessThan(placed.get(id)!.y);
    }
    expect(drawModel(name, drawing, { width: 900, title: 'a graph' }).svg).toContain('<title>a graph</title>');
  });
});

it('a training step flows through both towers to the loss and back, without arrows that a longer way has', () => {
  const all = lowered('two_tower');
  const { towers, tasks } = drawingOfGraph(all.plan.step.graph, towersOf(all));
  expect(towers.map(({ name, boxes }) => [name, ...boxes.map((box) => box.name)])).toEqual([
    ['user', 'main/flatten', 'main/mlp'],
    ['item', 'main/flatten', 'main/mlp'],
  ]);
  expect(Object.fromEntries(tasks.map(({ id, reads }) => [id, [...reads].sort()]))).toEqual({
    'score/watch': ['item/main/mlp', 'user/main/mlp'],
    'loss/watch': ['score/watch'],
    'gradient/loss/watch': ['loss/watch'],
    'gradient/score/watch': ['gradient/loss/watch'],
    'gradient/item/main/mlp': ['gradient/score/watch'],
    'gradient/item/main/flatten': ['gradient/item/main/mlp'],
    'gradient/user/main/mlp': ['gradient/score/watch'],
    'gradient/user/main/flatten': ['gradient/user/main/mlp'],
    optimizer: ['gradient/item/main/mlp', 'gradient/user/main/mlp'],
  });
  const [mlp] = towers[0]!.boxes.filter(({ name }) => name === 'main/mlp');
  expect(mlp).toMatchObject({ kind: 'step', weights: 96 * 128 + 128 + 128 * 64 + 64 });
  expect(mlp!.lines[0]!.text).toBe('2 MatMul, 2 Add, Relu');
  expect(tasks.filter(({ kind }) => kind === 'back')).toHaveLength(7);
});

it('boxes of a page with a script are buttons with a mark; those of a file are not', () => {
  const all = lowered('two_tower');
  const drawing = drawingOfGraph(all.plan.step.graph, towersOf(all));
  const still = drawModel('two_tower', drawing).svg;
  expect(still).not.toMatch(/role="button"|data-fold/);
  const folding = drawModel('two_tower', drawing, { canFold: true, folded: new Set(['loss/watch']) }).svg;
  expect(folding.match(/aria-expanded="true"/g)).toHaveLength(12);
  expect(folding).toMatch(/<g data-box="loss\/watch" role="button" tabindex="0" aria-expanded="false"/);
  // What is folded has its name, and nothing that it does.
  expect(folding).toContain('>loss/watch</text>');
  expect(folding).not.toContain('>gives loss, loss:watch</text>');
});
