/** Every block against numbers that PyTorch computed: outputs, gradients, running means. test/fixtures/blocks.py makes them. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Builder, makeBuilder, type Ref } from '../../../src/graph/builder.ts';
import { gradients } from '../../../src/graph/differentiate.ts';
import { evaluateInDoubles } from '../../../src/graph/evaluate.ts';
import { simplify } from '../../../src/graph/simplify.ts';
import { verify } from '../../../src/graph/verify.ts';
import { blocks } from '../../../src/library/blocks/table.ts';
import type { BlockContext, Value } from '../../../src/library/contract.ts';
import {
  batch,
  contextOf,
  expectClose,
  fieldInputs,
  floats,
  inDoubles,
  sequenceInput,
  vectorInput,
} from '../support.ts';

interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

type Named = Readonly<Record<string, Numbers>>;

interface Case {
  readonly name: string;
  readonly kind: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly value:
    | { readonly kind: 'fields'; readonly widths: readonly number[] }
    | { readonly kind: 'vector'; readonly width: number }
    | { readonly kind: 'sequence'; readonly length: number; readonly width: number }
    | { readonly kind: 'interests'; readonly count: number; readonly width: number };
  readonly training: boolean;
  readonly inputs: Named;
  /** Inputs and weights without a gradient. */
  readonly fixed: Named;
  readonly parameters: Named;
  readonly output: Numbers;
  readonly cotangent: Numbers;
  readonly gradients: Named;
  readonly updates: Named;
}

const { cases } = JSON.parse(readFileSync('test/fixtures/blocks.json', 'utf8')) as { cases: Case[] };

function inputOf(builder: Builder, { value }: Case): Value {
  switch (value.kind) {
    case 'fields':
      return fieldInputs(builder, value.widths);
    case 'vector':
      return vectorInput(builder, value.width);
    case 'sequence':
      return sequenceInput(builder, value.length, value.width);
    case 'interests': {
      const tensor = builder.input('x', [batch, value.count, value.width]);
      return { ...value, tensor, normalized: false };
    }
  }
}

/** With defaults; a flow as what it does. */
function argumentsOf(context: BlockContext, { kind, arguments: given }: Pick<Case, 'kind' | 'arguments'>) {
  const defaults = Object.entries(blocks[kind]!.parameters).map(([name, { default: value }]) => [name, value]);
  const all = { ...Object.fromEntries(defaults), ...given };
  const { flow } = (given.blocks ?? {}) as { readonly flow?: readonly Pick<Case, 'kind' | 'arguments'>[] };
  if (flow === undefined) return all;
  const steps = flow.map(
    (step) => (input: Value) => blocks[step.kind]!.lower(context, input, argumentsOf(context, step)),
  );
  return { ...all, blocks: { flow: steps } };
}

/** All that a value holds, side by side. */
function tensorsOf(value: Value): readonly Ref[] {
  switch (value.kind) {
    case 'fields':
      return value.fields.map(({ tensor }) => tensor);
    case 'outputs':
      return [...value.outputs.values()].map(({ tensor }) => tensor);
    default:
      return [value.tensor];
  }
}

/** Outputs `y` and `gradient:<name>` of Σ y · cotangent by every input and weight, as training would have it. */
function graphOf(each: Case) {
  const builder = makeBuilder('block');
  const row = blocks[each.kind]!;
  const context = contextOf(builder, each.training);
  const value = row.lower(context, inputOf(builder, each), argumentsOf(context, each));
  const tensors = tensorsOf(value);
  const y = tensors.length === 1 ? tensors[0]! : builder.concat(tensors, 1);
  builder.output('y', y);
  const weighed = builder.mul(y, builder.input('cotangent', y.type.shape));
  const loss = builder.sum(
    weighed,
    y.type.shape.map((_, axis) => axis),
  );
  const leaves = builder.nodes.flatMap(({ op, attributes }, id) => {
    const name = String(attributes.name);
    const wanted = (op === 'Input' && name in each.inputs) || (op === 'Parameter' && name in each.parameters);
    return wanted ? [{ name, ref: { id, type: builder.nodes[id]!.type } }] : [];
  });
  const found = gradients(
    builder,
    loss,
    leaves.map(({ ref }) => ref),
  );
  leaves.forEach(({ name }, at) => {
    const gradient = found[at];
    if (gradient) builder.output(`gradient:${name}`, gradient);
  });
  return simplify(builder.finish());
}

describe.each(cases)('$name', (each) => {
  const graph = graphOf(each);
  const named = (tensors: Named) =>
    inDoubles(
      Object.fromEntries(Object.entries(tensors).map(([name, { shape, data }]) => [name, floats(shape, data)])),
    );
  const inputNames = new Set(graph.inputs.map(({ name }) => name));
  const all = named({ ...each.inputs, ...each.fixed, ...each.parameters, cotangent: each.cotangent });
  const isInput = ([name]: [string, unknown]) => inputNames.has(name);
  const { outputs, parameters } = evaluateInDoubles(
    graph,
    Object.fromEntries(Object.entries(all).filter(isInput)),
    Object.fromEntries(Object.entries(all).filter((entry) => !isInput(entry))),
  );

  test('has the weights that it should, and no more', () => {
    expect(verify(graph)).toEqual([]);
    const weights = Object.entries(each.parameters).map(([name, { shape }]) => [name, shape]);
    const own = graph.parameters.filter(({ name }) => !(name in each.fixed));
    expect(Object.fromEntries(own.map(({ name, node }) => [name, graph.nodes[node]!.type.shape]))).toEqual(
      Object.fromEntries(weights),
    );
    expect(own.every(({ trainable }) => trainable)).toBe(true);
  });

  test('gives what PyTorch gives', () => {
    expect(outputs.y!.shape).toEqual(each.output.shape);
    expectClose(outputs.y!.data, each.output.data, 1e-6);
  });

  test('has the gradients that PyTorch has', () => {
    for (const [name, { data }] of Object.entries(each.gradients)) {
      const gradient = outputs[`gradient:${name}`];
      expectClose(gradient ? gradient.data : new Float64Array(data.length), data, 1e-6);
    }
  });

  test('leaves behind what PyTorch leaves', () => {
    expect(graph.updates.map(({ parameter }) => parameter).sort()).toEqual(Object.keys(each.updates).sort());
    for (const [name, { data }] of Object.entries(each.updates)) expectClose(parameters[name]!.data, data, 1e-6);
  });
});

test('every block is among them', () => {
  const covered = new Set(cases.map(({ kind }) => kind));
  expect(Object.keys(blocks).filter((kind) => !covered.has(kind))).toEqual([]);
});
