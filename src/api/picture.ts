/** Pictures of a model that was checked and lowered, as SVG files. */
import { drawingOf } from '../drawing/drawn.ts';
import { drawingOfGraph } from '../drawing/graph_drawing.ts';
import { svgFile } from '../drawing/svg_file.ts';
import type { Graph } from '../graph/graph.ts';
import type { Lowered } from '../lower/lower.ts';
import type { Model } from '../model/model.ts';

export const modelPicture = (model: Model, { arrows }: Lowered): string =>
  svgFile(model.name, drawingOf(model, arrows));

export function graphPicture(graph: Graph, { plan }: Lowered): string {
  const drawing = drawingOfGraph(
    graph,
    plan.towers.map(({ name }) => name),
  );
  return svgFile(plan.model, drawing, { title: `The graph ${graph.name}, a box for each block` });
}
