/** Pictures of a model that was checked and lowered, as SVG files. */
import type { Lowered } from '../../compiler/lower/lower.ts';
import type { Model } from '../../compiler/model/model.ts';
import { drawingOf } from '../../editor/drawing/drawn.ts';
import { drawingOfGraph } from '../../editor/drawing/graph_drawing.ts';
import { svgFile } from '../../editor/drawing/svg_file.ts';
import type { Graph } from '../../graph/graph.ts';

export const modelPicture = (model: Model, { arrows }: Lowered): string =>
  svgFile(model.name, drawingOf(model, arrows));

export function graphPicture(graph: Graph, { plan }: Lowered): string {
  const drawing = drawingOfGraph(
    graph,
    plan.towers.map(({ name }) => name),
  );
  return svgFile(plan.model, drawing, { title: `The graph ${graph.name}, a box for each block` });
}
