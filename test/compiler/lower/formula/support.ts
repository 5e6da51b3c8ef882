/** Blocks of formulas at work in a tower, in doubles, for rows whose lists are full, shorter and empty. */
import { describe, expect, it } from 'vitest';
import type { Sequence } from '../../../../src/compiler/library/contract.ts';
import { makeLowering } from '../../../../src/compiler/lower/flow.ts';
import { GraphInputs } from '../../../../src/compiler/lower/inputs.ts';
import { lowerTower } from '../../../../src/compiler/lower/lower_tower.ts';
import { lowerFeaturesWhole } from '../../../../src/compiler/lower/through.ts';
import { makeBuilder } from '../../../../src/graph/builder.ts';
import { differentiate } from '../../../../src/graph/differentiate.ts';
import { evaluateInDoubles } from '../../../../src/graph/evaluate.ts';
import { initialValues } from '../../../../src/graph/initial.ts';
import { feed, modelOf } from '../../library/support.ts';

export const lengths = [4, 2, 0, 1];
const rows = lengths.length;
/** The longest list. */
export const longest = 4;

type Doubles = Readonly<Record<string, { readonly shape: readonly number[]; readonly data: ArrayLike<number> }>>;

const modelText = (block: string, entries: string): string => `model m
features {
  user_id  : id(dim: 3)
  age      : category(dim: 2)
  zip      : category(dim: 3)
  street   : category(dim: 3)
  movie_id : id(dim: 3)
  history  : list(movie_id, max: ${longest}, pool: none)
}
${block}
group profile = user_id, age
group alike = user_id, zip, street
tower user(profile, alike, history) keyed by user_id { ${entries} }
tower item(movie_id) keyed by movie_id { channel main = movie_id -> flatten }
task watch { score = dot(user, item), loss = softmax(in_batch) }
`;

/** Lowers the channel `main`, and computes it and the gradients of the sum of its squares, in doubles. @param places of lists in this graph */
export function computed(block: string, entries: string, places = longest) {
  const model = modelOf(modelText(block, entries));
  const inputs = new GraphInputs(makeBuilder('test'));
  const whole = makeLowering(inputs, lowerFeaturesWhole(model).output, false);
  const { builder } = inputs;
  /** As in the graph of a batch whose lists are short. */
  const change = (sequence: Sequence): Sequence => ({
    ...sequence,
    tensor: builder.slice(sequence.tensor, [0, 0, 0], [-1, places, -1]),
    mask: builder.slice(sequence.mask, [0, 0], [-1, places]),
    length: places,
  });
  const context = { ...whole, ...(places < longest && { change }) };
  const channel = lowerTower(context, model.towers[0]).get('main');
  expect(context.diagnostics.map(({ message }) => message)).toEqual([]);
  const { tensor } = channel!;
  const loss = builder.sum(builder.square(tensor), [0, 1]);
  builder.output('vector', tensor);
  builder.output('loss', loss);
  const leaves = builder.nodes.flatMap(({ op, attributes, type }, id) =>
    (op === 'Parameter' || op === 'Input') && type.dtype === 'float32' && !String(attributes.name).includes('mask')
      ? [{ name: String(attributes.name), ref: { id, type } }]
      : [],
  );
  const gradients = differentiate(
    builder,
    loss,
    leaves.map(({ ref }) => ref),
  );
  for (const [index, gradient] of gradients.entries())
    if (gradient) builder.output(`d ${leaves[index]!.name}`, gradient);
  const graph = builder.finish();
  const doubles = (tensors: Doubles) =>
    Object.fromEntries(
      Object.entries(tensors).map(([name, { shape, data }]) => [
        name,
        { dtype: 'float32' as const, shape, data: Float64Array.from(data) },
      ]),
    );
  const fed = doubles(feed({ graph, inputs: inputs.plansOf(graph) }, rows, { lengths }) as Doubles);
  const history = fed.history;
  // What is past the end of a list is 0.
  history?.data.forEach((_, index) => {
    if (Math.floor(index / 3) % longest >= lengths[Math.floor(index / 3 / longest)]!) history.data[index] = 0;
  });
  const parameters = doubles(initialValues(graph, 3) as unknown as Doubles);
  // Zeros and ones at first would hide mistakes.
  for (const [name, { data }] of Object.entries(parameters)) {
    data.forEach((value, index) => {
      data[index] = value + 0.1 * Math.sin(1 + index + name.length);
    });
  }
  const evaluate = () => evaluateInDoubles(graph, fed, parameters).outputs;
  const { outputs } = { outputs: evaluate() };
  const read = (name: string) => {
    const found = Object.keys({ ...fed, ...parameters }).find((each) => each === name || each.endsWith(`/${name}`));
    const { shape, data } = (fed[found!] ?? parameters[found!])!;
    return (...indices: number[]): number => data[indices.reduce((at, index, axis) => at * shape[axis]! + index, 0)]!;
  };
  return { outputs, read, leaves, fed, parameters, evaluate, names: Object.keys(parameters) };
}

export const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);
export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

export type Read = (...indices: number[]) => number;
export type Reader = (name: string) => Read;

export interface Case {
  readonly title: string;
  readonly block: string;
  readonly entries: string;
  /** Computes the vector of a row by plain loops. */
  readonly expected: (read: Reader, row: number) => readonly number[];
}

/** Holds each case against its loops, its gradients against differences, and the graph for shorter lists against the one for all. */
export const describeCases = (cases: readonly Case[]): void =>
  describe.each(cases)('$title', ({ block, entries, expected }) => {
    it('gives what plain loops give', () => {
      const { outputs, read } = computed(block, entries);
      const { data, shape } = outputs.vector!;
      const loops = range(rows).flatMap((row) => expected(read, row));
      expect(shape).toEqual([rows, loops.length / rows]);
      for (const [index, value] of loops.entries()) expect(Math.abs(data[index]! - value)).toBeLessThan(1e-12);
    });

    it('has the gradients of differences', () => {
      const { outputs, leaves, fed, parameters, evaluate } = computed(block, entries);
      for (const { name } of leaves) {
        const gradient = outputs[`d ${name}`];
        const { data } = (fed[name] ?? parameters[name])!;
        const isElement = (index: number): boolean =>
          name !== 'history' || Math.floor(index / 3) % longest < lengths[Math.floor(index / 3 / longest)]!;
        for (const index of range(data.length).filter(isElement)) {
          const value = data[index]!;
          const [above, below] = [1e-5, -1e-5].map((step) => {
            data[index] = value + step;
            return evaluate().loss!.data[0]!;
          });
          data[index] = value;
          expect(Math.abs((gradient?.data[index] ?? 0) - (above! - below!) / 2e-5), `${name}[${index}]`).toBeLessThan(
            1e-6,
          );
        }
      }
    });

    it('gives the same in a graph for shorter lists', () => {
      const places = 2;
      const [whole, short] = [computed(block, entries), computed(block, entries, places)];
      const width = whole.outputs.vector!.shape[1]!;
      expect(short.outputs.vector!.shape).toEqual([rows, width]);
      for (const row of range(rows).filter((row) => lengths[row]! <= places))
        for (const column of range(width)) {
          const [one, other] = [whole, short].map(({ outputs }) => outputs.vector!.data[row * width + column]!);
          expect(Math.abs(one! - other!)).toBeLessThan(1e-12);
        }
    });
  });
