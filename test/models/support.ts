/** A model of `models/`, its towers and its step in plain arrays, with weights and inputs from a seed. */
import { readFileSync } from 'node:fs';
import { makeSource } from '../../src/base/text/source.ts';
import { compileSource } from '../../src/compiler/pipeline.ts';
import { evaluateGraph } from '../../src/graph/evaluate.ts';
import type { Tensor } from '../../src/graph/graph.ts';
import { initialValues } from '../../src/graph/initial.ts';
import type { Plan } from '../../src/graph/plan/plan.ts';
import { feed, random, rowsOf } from '../compiler/library/support.ts';
import { type Row, weightsOf } from './reference.ts';

const rows = 5;

/**
 * At a batch that is small enough not to be cut by length: an input is of all rows.
 * @param changed what is compiled in place of the file's text
 */
export function planOfModel(name: string, changed = (text: string): string => text): Plan {
  const path = `models/${name}.tower`;
  const source = makeSource(path, changed(readFileSync(path, 'utf8')));
  return compileSource(source, { settings: { batch: 16 } }).lowered!.plan;
}

export interface Ran {
  /** What the model's towers give: one vector a row, or one an interest of each row. */
  readonly vectors: readonly [readonly Row[], readonly Row[]];
  /** Scalars of the step before it: `loss`, `loss:<task>`. */
  readonly losses: Readonly<Record<string, number>>;
  /** Rows of one input, a list a row; a column as one row. */
  input(name: string): readonly Row[];
  /** The elements of one row's sequence. */
  sequence(name: string, row: number): readonly Row[];
  /** log q of each row's item, where the model corrects by it. */
  readonly logQ: Row;
  /** Weights by name. */
  readonly weights: ReturnType<typeof weightsOf>;
}

/** One batch through the step, and the same rows through the two towers as they are served. */
export function runModel(plan: Plan, given: Parameters<typeof feed>[2] = {}): Ran {
  const inputs = feed(plan.step, rows, given);
  const parameters: Record<string, Tensor> = { ...initialValues(plan.step.graph, 4) };
  for (const [at, name] of Object.keys(parameters).entries()) {
    // What begins at 0 or 1 could be left out, and nobody would notice.
    if (/\/(bias|gain|offset)(_|$)|^score\//.test(name))
      parameters[name] = random(parameters[name]!.shape, 100 + at, -0.2, 0.2);
  }
  const stepped = evaluateGraph(plan.step.graph, inputs, parameters).outputs;
  const losses = Object.fromEntries(
    Object.entries(stepped)
      .filter(([name]) => name === 'loss' || name.startsWith('loss:'))
      .map(([name, { data }]) => [name, data[0]!]),
  );
  // Items that are gathered once each are, in this batch, those of its rows.
  const inputOf = (name: string): Tensor => inputs[name] ?? inputs[`distinct/${name}`] ?? inputs[`corpus/${name}`]!;
  const vectors = plan.towers.map(({ embedded: { graph } }) => {
    const own = Object.fromEntries(graph.inputs.map(({ name }) => [name, inputOf(name)]));
    const vector = evaluateGraph(graph, own, parameters).outputs.vector!;
    const width = vector.shape.at(-1)!;
    return rowsOf({ ...vector, shape: [vector.data.length / width, width] });
  });
  const logQ = plan.step.inputs.find(({ source }) => source.from === 'log_q');
  return {
    logQ: logQ ? [...inputs[logQ.name]!.data] : [],
    vectors: vectors as [number[][], number[][]],
    losses,
    input(name) {
      const { shape, data } = inputOf(name);
      return shape.length === 2 ? rowsOf(inputOf(name)) : [[...data]];
    },
    sequence(name, row) {
      const { shape, data } = inputOf(name);
      const [, length, width] = shape as [number, number, number];
      const from = row * length * width;
      return Array.from({ length }, (_, t) => [...data.slice(from + t * width, from + (t + 1) * width)]);
    },
    weights: weightsOf(parameters),
  };
}

/** Fields of one row, by the names of their inputs. */
export const fieldsOf = (ran: Ran, row: number, names: readonly string[]): readonly Row[] =>
  names.map((name) => ran.input(name)[row]!);

export const everyRow = Array.from({ length: rows }, (_, row) => row);
