/** Every block against numbers that PyTorch computed: outputs, gradients, running means. test/fixtures/blocks.py makes them. */
import { describe, expect, test } from 'vitest';
import { blocks } from '../../../../src/compiler/library/blocks/table.ts';
import type { BlockContext, NamedValue, Value } from '../../../../src/compiler/library/contract.ts';
import { type Builder, makeBuilder, type Ref } from '../../../../src/graph/builder.ts';
import { differentiate } from '../../../../src/graph/differentiate.ts';
import { evaluateInDoubles } from '../../../../src/graph/evaluate.ts';
import { simplify } from '../../../../src/graph/simplify.ts';
import { verifyGraph } from '../../../../src/graph/verify.ts';
import { casesOf, doubles, flat, type Nested, shapeOf } from '../../../fixtures/fixtures.ts';
import { batch, contextOf, expectClose, fieldInputs, sequenceInput, vectorInput } from '../support.ts';

type Named = Readonly<Record<string, Nested>>;

interface Step {
  readonly kind: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

interface Case {
  /** What it shows, where its block has several. */
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly value:
    | { readonly kind: 'fields'; readonly widths: readonly number[] }
    | { readonly kind: 'vector'; readonly width: number }
    | {
        readonly kind: 'sequence';
        readonly length: number;
        readonly width: number;
        readonly next?: number;
        readonly moments?: true;
      }
    | { readonly kind: 'interests'; readonly count: number; readonly width: number };
  readonly training: boolean;
  /** The fields are steps that the block joins. */
  readonly join?: boolean;
  readonly inputs: Named;
  /** Inputs and weights without a gradient. */
  readonly fixed: Named;
  readonly parameters: Named;
  readonly output: Nested;
  readonly cotangent: Nested;
  readonly gradients: Named;
  readonly updates: Named;
}

const cases = casesOf<Case>('blocks', Object.keys(blocks));

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
function argumentsOf(context: BlockContext, { kind, arguments: given }: Step) {
  const defaults = Object.entries(blocks[kind]!.parameters).map(([name, { default: value }]) => [name, value]);
  const all = { ...Object.fromEntries(defaults), ...given };
  const { flow } = (given.blocks ?? {}) as { readonly flow?: readonly Step[] };
  if (flow === undefined) return all;
  const steps = flow.map(
    (step) => (input: Value) => blocks[step.kind]!.lower(context, input, argumentsOf(context, step)),
  );
  return { ...all, blocks: { flow: steps } };
}

/** Each field as a step of its own; or a sequence, and next to it a vector or when its elements were. */
function partsOf(builder: Builder, value: Value, described: Case['value']): NamedValue[] {
  const next = described.kind === 'sequence' ? described.next : undefined;
  if (value.kind !== 'fields') {
    const parts: NamedValue[] = [{ name: 'x', value }];
    if (described.kind === 'sequence' && described.moments && value.kind === 'sequence') {
      const tensor = builder.input('when', [batch, value.length, 1]);
      return [...parts, { name: 'when', value: { ...value, tensor, width: 1, holdsTimes: true } }];
    }
    if (next === undefined) return parts;
    const tensor = builder.input('next', [batch, next]);
    return [...parts, { name: 'next', value: { kind: 'vector', tensor, width: next, normalized: false } }];
  }
  return value.fields.map(({ name, tensor, width }) => ({
    name,
    value: { kind: 'vector', tensor, width, normalized: false },
  }));
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
function graphOf(kind: string, each: Case) {
  const builder = makeBuilder('block');
  const row = blocks[kind]!;
  const penalties: Ref[] = [];
  const context: BlockContext = {
    ...contextOf(builder, each.training),
    penalize: (values) => void penalties.push(values),
  };
  const input = inputOf(builder, each);
  const args = argumentsOf(context, { ...each, kind });
  const value = each.join
    ? row.join!(context, partsOf(builder, input, each.value), args)
    : row.lower(context, input, args);
  const tensors = tensorsOf(value);
  const y = tensors.length === 1 ? tensors[0]! : builder.concat(tensors, 1);
  builder.output('y', y);
  const weighed = builder.mul(y, builder.input('cotangent', y.type.shape));
  const sum = builder.sum(
    weighed,
    y.type.shape.map((_, axis) => axis),
  );
  const loss = penalties.reduce((all, values) => builder.add(all, builder.mean(values, [0])), sum);
  const leaves = builder.nodes.flatMap(({ op, attributes }, id) => {
    const name = String(attributes.name);
    const wanted = (op === 'Input' && name in each.inputs) || (op === 'Parameter' && name in each.parameters);
    return wanted ? [{ name, ref: { id, type: builder.nodes[id]!.type } }] : [];
  });
  const found = differentiate(
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

const titled = cases.map(([kind, each]) => [[kind, each.name].filter(Boolean).join(' '), kind, each] as const);

describe.each(titled)('%s', (_, kind, each) => {
  const graph = graphOf(kind, each);
  const inputNames = new Set(graph.inputs.map(({ name }) => name));
  const all = { ...each.inputs, ...each.fixed, ...each.parameters, cotangent: each.cotangent };
  const named = (isInput: boolean) =>
    Object.fromEntries(
      Object.entries(all).flatMap(([name, value]) =>
        inputNames.has(name) === isInput ? [[name, doubles(value)]] : [],
      ),
    );
  const { outputs, parameters } = evaluateInDoubles(graph, named(true), named(false));

  test('has the weights that it should, and no more', () => {
    expect(verifyGraph(graph)).toEqual([]);
    const weights = Object.entries(each.parameters).map(([name, value]) => [name, shapeOf(value)]);
    const own = graph.parameters.filter(({ name }) => !(name in each.fixed));
    expect(Object.fromEntries(own.map(({ name, node }) => [name, graph.nodes[node]!.type.shape]))).toEqual(
      Object.fromEntries(weights),
    );
    expect(own.every(({ trainable }) => trainable)).toBe(true);
  });

  test('gives what PyTorch gives', () => {
    expect(outputs.y!.shape).toEqual(shapeOf(each.output));
    expectClose(outputs.y!.data, flat(each.output), 1e-6);
  });

  test('has the gradients that PyTorch has', () => {
    for (const [name, value] of Object.entries(each.gradients)) {
      const expected = flat(value);
      const gradient = outputs[`gradient:${name}`];
      expectClose(gradient ? gradient.data : new Float64Array(expected.length), expected, 1e-6);
    }
  });

  test('leaves behind what PyTorch leaves', () => {
    expect(graph.updates.map(({ parameter }) => parameter).sort()).toEqual(Object.keys(each.updates).sort());
    for (const [name, value] of Object.entries(each.updates)) expectClose(parameters[name]!.data, flat(value), 1e-6);
  });
});
