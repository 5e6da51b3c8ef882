/** One block by itself. */
import { expect } from 'vitest';
import { blocks } from '../../../../src/compiler/library/blocks/table.ts';
import { ShapeError, type Value } from '../../../../src/compiler/library/contract.ts';
import { printValueType, typeOf } from '../../../../src/compiler/library/values.ts';
import { stepOf, takesOf } from '../../../../src/editor/reference/examples.ts';
import { type Builder, makeBuilder, type Ref } from '../../../../src/graph/builder.ts';
import { evaluateGraph } from '../../../../src/graph/evaluate.ts';
import { initialValues } from '../../../../src/graph/initial.ts';
import { contextOf, floats, inputOfType, random } from '../support.ts';

/** What a block makes of a value, with the defaults of arguments that are not given. */
export function lowered(
  builder: Builder,
  kind: string,
  input: Value,
  args: Record<string, unknown> = {},
  training = true,
): Value {
  const row = blocks[kind]!;
  const defaults = Object.fromEntries(
    Object.entries(row.parameters).map(([name, { default: value }]) => [name, value]),
  );
  return row.lower(contextOf(builder, training), input, { ...defaults, ...args });
}

/** The one tensor of a value: fields side by side. */
export function tensorOf(builder: Builder, value: Value): Ref {
  if (value.kind === 'outputs') return expect.fail('one of several outputs');
  if (value.kind !== 'fields') return value.tensor;
  return builder.concat(
    value.fields.map((field) => field.tensor),
    1,
  );
}

export const typeAfter = (kind: string, input: (builder: Builder) => Value, args?: Record<string, unknown>): string => {
  const builder = makeBuilder('type');
  return printValueType(typeOf(lowered(builder, kind, input(builder), args)));
};

export const refusalOf = (
  kind: string,
  input: (builder: Builder) => Value,
  args?: Record<string, unknown>,
): ShapeError => {
  try {
    typeAfter(kind, input, args);
  } catch (error) {
    if (error instanceof ShapeError) return error;
    throw error;
  }
  return expect.fail(`${kind} refuses nothing`);
};

/** The numbers that go into the example of a block, of the first type that it takes, and those that come out. */
export function exampleAtWork(kind: string): { readonly given: readonly number[]; readonly made: readonly number[] } {
  const { example, lower } = blocks[kind]!;
  const step = stepOf(example);
  const [taken] = takesOf(example);
  if (step?.kind !== 'block' || !taken) return expect.fail(`\`${example}\` takes no value`);
  const builder = makeBuilder(kind);
  const input = inputOfType(builder, taken.takes);
  const value = lower(contextOf(builder), input, step.call.arguments);
  const [output] = value.kind === 'outputs' ? value.outputs.values() : [];
  builder.output('given', tensorOf(builder, input));
  builder.output('made', tensorOf(builder, output ?? value));
  const graph = builder.finish();
  const inputs = Object.fromEntries(
    graph.inputs.map(({ name, node }, at) => {
      const shape = graph.nodes[node]!.type.shape.map((dim) => (typeof dim === 'number' ? dim : 3));
      if (name !== 'mask') return [name, random(shape, at)];
      return [name, floats(shape, new Array(shape[0]! * shape[1]!).fill(1))];
    }),
  );
  const { outputs } = evaluateGraph(graph, inputs, initialValues(graph, 1));
  return { given: [...outputs.given!.data], made: [...outputs.made!.data] };
}
