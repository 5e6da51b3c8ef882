/**
 * Models from text, graphs of one block or loss, and numbers to feed them.
 * Long because every test of the library and of lowering reads it.
 */
import { assert, expect } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import type { BlockContext, Value, ValueType } from '../../../src/compiler/library/contract.ts';
import { lowerFormula } from '../../../src/compiler/lower/formula/lower_formula.ts';
import { lower } from '../../../src/compiler/lower/lower.ts';
import { libraryFormula } from '../../../src/compiler/model/formula/library_formula.ts';
import type { Model } from '../../../src/compiler/model/model.ts';
import { parse } from '../../../src/compiler/syntax/parse.ts';
import { type Builder, makeBuilder, type Ref } from '../../../src/graph/builder.ts';
import { evaluateGraph, evaluateInDoubles, type NamedTensors } from '../../../src/graph/evaluate.ts';
import type { Dim, Dtype, Graph, Tensor } from '../../../src/graph/graph.ts';
import { initialValues } from '../../../src/graph/initial.ts';
import type { GraphPlan, InputSource, Plan } from '../../../src/graph/plan/plan.ts';
import { resolveModel } from '../model/resolve_model.ts';

export const batch: Dim = { symbol: 'batch', times: 1 };

export function floats(shape: readonly number[], values: readonly number[]): Tensor {
  return { dtype: 'float32', shape, data: new Float32Array(values) };
}

export function integers(shape: readonly number[], values: readonly number[]): Tensor {
  return { dtype: 'int32', shape, data: new Int32Array(values) };
}

/** Uniform in [low, high). */
export function random(shape: readonly number[], stream: number, low = -1, high = 1): Tensor {
  const data = new Float32Array(shape.reduce((product, length) => product * length, 1));
  makeRandom(11, stream).fill(data, low, high);
  return { dtype: 'float32', shape, data };
}

export function rowsOf({ shape, data }: Tensor): number[][] {
  const [rows, width] = shape as [number, number];
  return Array.from({ length: rows }, (_, row) => [...data.slice(row * width, (row + 1) * width)]);
}

export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length);
  for (let at = 0; at < expected.length; at++) {
    const allowed = tolerance * Math.max(1, Math.abs(expected[at]!));
    expect(Math.abs(actual[at]! - expected[at]!), `[${at}]: ${actual[at]}, not ${expected[at]}`).toBeLessThanOrEqual(
      allowed,
    );
  }
}

/** A context whose inputs are those of the graph, with the sources that were asked for. */
export function contextOf(
  builder: Builder,
  training = true,
): BlockContext & { readonly sources: Map<string, InputSource> } {
  const sources = new Map<string, InputSource>();
  return {
    builder,
    training,
    sources,
    input(name: string, source: InputSource, shape: readonly Dim[], dtype?: Dtype): Ref {
      sources.set(name, source);
      return builder.input(name, shape, dtype);
    },
    uniqueName: (stem) => `${stem}_${sources.size + 1}`,
    applyFlow({ flow }, input, round) {
      const pass = () => (flow as ((value: Value) => Value)[]).reduce((value, step) => step(value), input);
      return round === undefined ? pass() : builder.scope(`_${round}`, pass);
    },
    formula(name, values, numbers) {
      const formula = libraryFormula(name, numbers, { inputs: values.length });
      return lowerFormula(formula, {
        context: this,
        values: new Map(formula.inputs.map((input, index) => [input.name, values[index]!])),
        applySteps: () => assert.fail('the library has no flows in formulas'),
        pathOf: (line) => line,
        isNumberwise: () => false,
        onSizes: () => {},
      });
    },
    setAfterStep: (parameter, next) => builder.update(parameter, next(parameter)),
    penalize: () => {},
    itemCounts: ({ type: { shape } }) => builder.input('items', [shape[0]!]),
    readout: (_, names, make) => {
      expect(names.length).toBeGreaterThan(0);
      return make();
    },
  };
}

/** Fields named a, b, … as inputs of a graph. */
export function fieldInputs(builder: Builder, widths: readonly number[]): Value {
  return {
    kind: 'fields',
    fields: widths.map((width, at) => {
      const name = String.fromCharCode(97 + at);
      return { name, width, tensor: builder.input(name, [batch, width]) };
    }),
  };
}

export function vectorInput(builder: Builder, width: number): Value {
  return { kind: 'vector', width, normalized: false, tensor: builder.input('x', [batch, width]) };
}

/** @param most places that the weights of blocks are for */
export function sequenceInput(builder: Builder, length: number, width: number, most = length): Value {
  return {
    kind: 'sequence',
    name: 'x',
    length,
    maxLength: most,
    width,
    tensor: builder.input('x', [batch, length, width]),
    mask: builder.input('mask', [batch, length]),
  };
}

/** A value of a type, as inputs of a graph. */
export function inputOfType(builder: Builder, type: ValueType): Value {
  switch (type.kind) {
    case 'fields':
      return fieldInputs(
        builder,
        type.fields.map(({ width }) => width),
      );
    case 'sequence':
      return sequenceInput(builder, type.length, type.width);
    case 'vector':
      return vectorInput(builder, type.width);
    case 'interests':
      return { ...type, tensor: builder.input('x', [batch, type.count, type.width]), normalized: false };
    case 'outputs':
      return expect.fail('a flow takes one of several outputs');
  }
}

/** Runs a graph that `build` makes, with the parameters' first values where none are given; its output is `y`. */
export function run(build: (builder: Builder) => Ref, inputs: NamedTensors, parameters: NamedTensors = {}): Tensor {
  const builder = makeBuilder('test');
  builder.output('y', build(builder));
  const graph = builder.finish();
  return evaluateGraph(graph, inputs, { ...initialValues(graph, 1), ...parameters }).outputs.y!;
}

/** The model that a text declares, which must be without a mistake. */
export function modelOf(text: string): Model {
  const parsed = parse(makeSource('test.tower', text));
  const resolved = resolveModel(parsed.output);
  const errors = [...parsed.diagnostics, ...resolved.diagnostics].filter(({ severity }) => severity === 'error');
  expect(errors.map(({ code, message }) => `${code}: ${message}`)).toEqual([]);
  return resolved.output!;
}

export function planOf(text: string): Plan {
  const { output, diagnostics } = lower(modelOf(text));
  expect(diagnostics.map(({ code, message }) => `${code}: ${message}`)).toEqual([]);
  return output!.plan;
}

/** Central differences of output `loss` by every element of every float32 tensor in `by`, in doubles. */
export function differences(
  graph: Graph,
  inputs: NamedTensors,
  parameters: NamedTensors,
  by: readonly string[],
): ReadonlyMap<string, Float64Array> {
  const step = 1e-5;
  const given = { inputs: inDoubles(inputs), parameters: inDoubles(parameters) };
  const loss = (): number => evaluateInDoubles(graph, given.inputs, given.parameters).outputs.loss!.data[0]!;
  return new Map(
    by.map((name) => {
      const { data } = (given.inputs[name] ?? given.parameters[name])!;
      const slopes = Float64Array.from(data, (value, at) => {
        data[at] = value + step;
        const above = loss();
        data[at] = value - step;
        const below = loss();
        data[at] = value;
        return (above - below) / (2 * step);
      });
      return [name, slopes];
    }),
  );
}

function inDoubles(tensors: NamedTensors) {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [
      name,
      { ...tensor, data: tensor.dtype === 'float32' ? Float64Array.from(tensor.data) : tensor.data.slice() },
    ]),
  );
}

/** 0, 1, … as many as a tensor of the shape has. */
const upTo = (shape: readonly number[]): number[] =>
  Array.from({ length: shape.reduce((product, length) => product * length, 1) }, (_, i) => i);

/** Numbers for every input of a planned graph: embeddings and numbers in ±1, weights and 0/1 labels, hits as given. */
export function feed(
  { graph, inputs }: GraphPlan,
  rows: number,
  given: {
    readonly hits?: readonly (readonly [number, number])[];
    readonly binary?: boolean;
    readonly step?: number;
    /** Of each row's sequences. Absent: elements here and there. */
    readonly lengths?: readonly number[];
  } = {},
): Record<string, Tensor> {
  const hits = given.hits ?? [];
  return Object.fromEntries(
    inputs.map(({ name, source }, at) => {
      const node = graph.nodes[graph.inputs.find((input) => input.name === name)!.node]!;
      const shape = node.type.shape.map((dim) =>
        typeof dim === 'number' ? dim : dim.times * (dim.symbol.startsWith('hits') ? hits.length : rows),
      );
      switch (source.from) {
        case 'accidental_hits':
          return [name, integers(shape, hits.flat())];
        // A user has one item, its own.
        case 'user_items':
        case 'positives':
          return [
            name,
            integers(
              shape,
              Array.from({ length: 2 * rows }, (_, i) => i >> 1),
            ),
          ];
        // Each row has an item of its own.
        case 'places':
          return [
            name,
            integers(
              shape,
              Array.from({ length: 2 * rows }, (_, i) => i >> 1),
            ),
          ];
        // Each part has all rows, and so has the first piece; each row has an item of its own in the corpus.
        case 'part_places':
        case 'piece_places':
        case 'corpus_places':
        case 'newest':
        case 'view_numbers':
          return [name, { dtype: 'int32', shape, data: Int32Array.from({ length: shape[0]! }, (_, i) => i) }];
        // Each row is looked up for a row of the table of its own.
        case 'table_places':
        case 'element_places':
        case 'element_rows': {
          // Bags are those of the rows that are drawn, where the input reads such rows.
          const drawn = source.from === 'element_rows' ? source.rows : undefined;
          const of = drawn?.kind === 'shared' ? Math.min(rows, drawn.count) : rows;
          return [
            name,
            integers(
              shape,
              Array.from({ length: shape.reduce((product, axis) => product * axis) }, (_, i) => i % of),
            ),
          ];
        }
        case 'element_weights':
        case 'table_seen':
        case 'counts':
        case 'label_known':
        case 'part_known':
        case 'in_corpus':
        case 'has_items':
          return [name, floats(shape, new Array(rows).fill(1))];
        case 'log_q':
          return [name, random(shape, at, -6, -1)];
        case 'label': {
          const label = random(shape, at, 0, 2);
          return [
            name,
            given.binary === false ? label : { ...label, data: label.data.map(Math.floor) as Float32Array },
          ];
        }
        case 'mask':
          if (given.lengths) {
            const [, max] = shape as [number, number];
            const within = given.lengths.flatMap((length) =>
              Array.from({ length: max }, (_, t) => (t < length ? 1 : 0)),
            );
            return [name, floats(shape, within)];
          }
          return [
            name,
            floats(
              shape,
              Array.from(random(shape, at).data, (_, i) => (i % shape[1]! === 0 ? 1 : i % 2)),
            ),
          ];
        case 'piece_rows':
          return [
            name,
            integers(
              shape,
              upTo(shape).map((i) => Math.min(i, rows - 1)),
            ),
          ];
        case 'piece_known':
          return [
            name,
            floats(
              shape,
              upTo(shape).map((i) => (i < rows ? 1 : 0)),
            ),
          ];
        case 'noise':
          return [name, random(shape, at, 0, 1)];
        case 'draw_pool':
          return [name, floats([], [10])];
        case 'rate':
          return [name, floats([], [0.5])];
        case 'step':
          return [name, floats([], [given.step ?? 1])];
        default:
          return [name, random(shape, at)];
      }
    }),
  );
}

/** Words for the places of a small model; each has something that checks. */
export interface Places {
  readonly features?: string;
  readonly labels?: string;
  /** Of every embedding. */
  readonly dim?: number;
  /** Entries of the user tower before its channel. */
  readonly steps?: string;
  readonly user?: string;
  readonly item?: string;
  readonly score?: string;
  readonly task?: string;
  readonly more?: string;
  readonly dense?: string;
  readonly embeddings?: string;
  readonly stop?: string;
}

/** A small model: user `user_id, tried` against item `video_id, about`, each a table of 3 numbers a row. */
export function smallModel(places: Places): string {
  const dim = places.dim ?? 3;
  return `
    model small
    features {
      user_id  : id(dim: ${dim})
      tried    : ${places.features ?? `id(dim: ${dim})`}
      video_id : id(dim: ${dim})
      about    : category(dim: ${dim})
    }
    ${places.labels ?? ''}
    group profile = user_id, tried
    group video = video_id, about
    tower user(profile) keyed by user_id { ${places.steps ?? ''} channel main = ${places.user ?? 'profile -> flatten -> dense(4)'} }
    tower item(video) keyed by video_id { channel main = ${places.item ?? 'video -> flatten -> dense(4)'} }
    task click { score = ${places.score ?? 'cosine(user, item)'}, ${places.task ?? 'loss = softmax(in_batch, temperature: 0.2)'} }
    ${places.more ?? ''}
    train {
      batch = 8, epochs = 1
      dense = ${places.dense ?? 'sgd(rate: 0.5)'}, embeddings = ${places.embeddings ?? 'adagrad'}
      ${places.stop === undefined ? '' : `stop = ${places.stop}`}
    }
  `;
}
