import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { awaitRead, failure } from '../../base/diagnostics/diagnostic.ts';
import { makeFolder, writeDurably } from '../../base/storage/durable.ts';
import type { Lowered } from '../../compiler/lower/lower.ts';
import type { Model } from '../../compiler/model/model.ts';
import { svgFile } from '../../editor/drawing/drawing.ts';
import { drawingOf } from '../../editor/drawing/drawn.ts';
import { drawingOfGraph } from '../../editor/drawing/graph_drawing.ts';
import { tfjsFiles, trainingTfjs } from '../../engines/formats/tfjs_model.ts';
import { torchModule } from '../../engines/formats/torch_module.ts';
import type { Graph } from '../../graph/graph.ts';
import type { GraphPlan, Plan } from '../../graph/plan/plan.ts';
import { printGraph } from '../../graph/print_graph.ts';
import { type CheckRequest, checkAndLower } from './check.ts';

export interface Compiled {
  readonly plan: Plan;
  readonly files: readonly string[];
}

export interface CompileRequest extends Omit<CheckRequest, 'data'> {
  readonly out: string;
  readonly force?: boolean;
}

/**
 * Writes the static graphs of a model: for the training step, each tower and its parts, a graph model of TensorFlow.js (weights are inputs `parameter:…`,
 * updated weights are outputs `updated:…`), and the same graph as text and as a PyTorch function. Also writes `plan.json`, which says what feeds each input.
 * @throws Failure with the model's diagnostics, `folder-not-empty` or `cannot-write`
 */
export async function compile(path: string, { out, force = false, ...request }: CompileRequest): Promise<Compiled> {
  const { plan } = (await checkAndLower(path, request)).lowered;
  await makeFolder(out);
  if (!force && (await awaitRead(out, readdir(out))).length > 0) throw failure('folder-not-empty', { folder: out });

  const graphs: readonly (readonly [string, GraphPlan])[] = [
    ['step', plan.step],
    ...plan.towers.flatMap(({ name, embedded, parts = [] }) => [
      [name, embedded] as const,
      ...parts.map((part) => [`${name}/${part.length}`, part] as const),
    ]),
  ];
  const files: string[] = [];
  const writeOutput = async (name: string, content: string | Uint8Array): Promise<void> => {
    await makeFolder(dirname(join(out, name)));
    await writeDurably(join(out, name), (sink) => sink.write(Buffer.from(content)));
    files.push(name);
  };
  for (const [name, { graph }] of graphs) {
    await writeOutput(`${name}/graph.txt`, `${printGraph(graph)}\n`);
    await writeOutput(`${name}/model.py`, torchModule(graph).source);
    for (const [file, bytes] of Object.entries(tfjsFiles(trainingTfjs(graph))))
      await writeOutput(`${name}/${file}`, bytes);
  }
  await writeOutput('plan.json', `${JSON.stringify(summary(plan, graphs), null, 2)}\n`);
  return { plan, files };
}

function summary(plan: Plan, graphs: readonly (readonly [string, GraphPlan])[]): unknown {
  const files = new Map<Graph, string>(graphs.map(([name, { graph }]) => [graph, `${name}/model.json`]));
  return JSON.parse(JSON.stringify(plan, (_, value) => files.get(value as Graph) ?? value));
}

/** Returns the picture of a model that was checked and lowered, as an SVG file. */
export const modelPicture = (model: Model, { arrows }: Lowered): string =>
  svgFile(model.name, drawingOf(model, arrows));

export function graphPicture(graph: Graph, { plan }: Lowered): string {
  const drawing = drawingOfGraph(
    graph,
    plan.towers.map(({ name }) => name),
  );
  return svgFile(plan.model, drawing, { title: `The graph ${graph.name}, a box for each block` });
}
