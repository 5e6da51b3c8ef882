/**
 * Random models out of the library's tables are checked, lowered, differentiated and run: none crashes, every number stays
 * finite, and engines agree with plain arrays. 100 by default; `TOWER_MODELS=1000` takes as many, each on every engine.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { makeRandom } from '../../src/base/random/random.ts';
import { makeSource } from '../../src/base/text/source.ts';
import { blocks } from '../../src/compiler/library/blocks/table.ts';
import type { KindRow } from '../../src/compiler/library/contract.ts';
import { features } from '../../src/compiler/library/features/table.ts';
import { losses } from '../../src/compiler/library/losses/table.ts';
import { optimizers } from '../../src/compiler/library/optimizers/table.ts';
import { scores } from '../../src/compiler/library/scores/table.ts';
import { weightings } from '../../src/compiler/library/weightings/table.ts';
import { compileSource } from '../../src/compiler/pipeline.ts';
import type { Engine } from '../../src/engines/engine.ts';
import { evaluateGraph, type NamedTensors } from '../../src/graph/evaluate.ts';
import type { Graph, Tensor } from '../../src/graph/graph.ts';
import { initialValues } from '../../src/graph/initial.ts';
import type { Plan } from '../../src/graph/plan/plan.ts';
import { verifyGraph } from '../../src/graph/verify.ts';
import { feed } from '../compiler/library/support.ts';
import { engineOrSkip, names } from '../engines/support.ts';
import fc from '../fast_check.ts';
import { randomModel, undamped } from './random_model.ts';

const asked = process.env.TOWER_MODELS;
const count = Number(asked ?? 100);

const models = fc.array(fc.nat(1_000_000), { minLength: 250, maxLength: 250 }).map((choices) => {
  let at = 0;
  return randomModel((below) => (choices[at++] ?? 0) % below);
});
/** Blocks that take a flow are not drawn: what may be in one is not in its table. */
const takesFlow = ({ parameters }: KindRow): boolean =>
  Object.values(parameters).some(({ type }) => type.is === 'flow');
const kinds = [features, blocks, scores, losses, weightings, optimizers].flatMap((table) =>
  Object.entries(table as Readonly<Record<string, KindRow>>).flatMap(([kind, row]) =>
    takesFlow(row) || undamped.has(kind) || kind === 'item_to_item' || kind === 'max_sim' ? [] : [kind],
  ),
);
const samples = chosen(fc.sample(models, { numRuns: 15 * count, seed: 42 })).map((text) => ({ text, ...planOf(text) }));

/** As many as are asked for, first those that use a kind that none before them uses. */
function chosen(texts: readonly string[]): readonly string[] {
  const used = new Set<string>();
  const isNew = (text: string): boolean => {
    const before = used.size;
    for (const word of text.match(/\w+/g) ?? []) if (kinds.includes(word)) used.add(word);
    return used.size > before;
  };
  const first = texts.filter(isNew);
  return [...first, ...texts.filter((text) => !first.includes(text))].slice(0, count);
}

/** The plan; what the checker refuses is reported in the language's words, and is not a crash. */
function planOf(text: string): { readonly plan?: Plan; readonly errors: readonly string[] } {
  const { lowered, diagnostics } = compileSource(makeSource('random.tower', text));
  const errors = diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(({ code, message }) => `${code}: ${message}`);
  return { ...(lowered ? { plan: lowered.plan } : {}), errors };
}

describe('random models', () => {
  const engines: Engine[] = [];
  beforeAll(async () => {
    for (const name of names) {
      const engine = await engineOrSkip(name);
      if (engine) engines.push(engine);
    }
  });

  test('are well typed', () => {
    const refused = samples.flatMap(({ text, errors }) => (errors.length > 0 ? [`${text}\n${errors.join('\n')}`] : []));
    expect(refused.slice(0, 3).join('\n\n')).toBe('');
  });

  test.runIf(count >= 100)('use every row of the tables', () => {
    const all = samples.map(({ text }) => text).join('\n');
    expect(kinds.filter((kind) => !new RegExp(`\\b${kind}\\b`).test(all))).toEqual([]);
  });

  test('run and are differentiated on every engine as in plain arrays', {
    timeout: 60_000 + 3_000 * count,
  }, async () => {
    for (const [number, { text, plan }] of samples.entries()) {
      if (!plan) continue;
      try {
        await expectToTrain(plan, asked ? engines : [engines[number % engines.length]!]);
      } catch (error) {
        throw new Error(`model ${number}: ${(error as Error).message}\n${text}`, { cause: error });
      }
    }
  });
});

async function expectToTrain({ step, towers }: Plan, engines: readonly Engine[]): Promise<void> {
  const { graph } = step;
  expect(verifyGraph(graph)).toEqual([]);
  const parameters = anywhere(graph);
  const inputs = feed(step, 5, { hits: hitsOf(step.inputs.map(({ name }) => name)) });
  const trained = Object.fromEntries(
    graph.parameters.filter(({ trainable }) => trainable).map(({ name }) => [name, parameters[name]!]),
  );
  const expected = evaluateGraph(graph, inputs, parameters);
  // Several: what one draw leaves as it was, another may change a lot.
  const moved = [1, 3, 5, 7].map((stream) =>
    evaluateGraph(graph, lastDigits(inputs, stream), { ...parameters, ...lastDigits(trained, stream + 1) }),
  );
  for (const [name, { data }] of Object.entries({ ...expected.outputs, ...expected.parameters })) {
    expect(data.every(Number.isFinite), `${name} is finite`).toBe(true);
  }
  for (const engine of engines) {
    const program = await engine.prepare(graph, parameters);
    const outputs = await program.run(inputs);
    const after = await program.read();
    await program.close();
    for (const [name, value] of Object.entries(expected.outputs)) {
      expectNear(
        outputs[name]!,
        value,
        moved.map(({ outputs }) => outputs[name]!),
        `${engine.name}: ${name}`,
      );
    }
    for (const [name, value] of Object.entries(expected.parameters)) {
      expectNear(
        after[name]!,
        value,
        moved.map(({ parameters }) => parameters[name]!),
        `${engine.name}: ${name}`,
      );
    }
  }
  for (const { embedded } of towers) {
    const values = initialValues(embedded.graph, 5);
    const { vector } = evaluateGraph(embedded.graph, feed(embedded, 4), values).outputs;
    expect(vector!.data.every(Number.isFinite), 'the served vector is finite').toBe(true);
  }
}

/** First values, and numbers at random for weights that begin at 0: a vector of zeros has no direction to agree on. */
function anywhere(graph: Graph): NamedTensors {
  const values = { ...initialValues(graph, 5) };
  for (const { name, trainable, initial } of graph.parameters) {
    if (!trainable || initial.kind !== 'zeros') continue;
    const data = new Float32Array(values[name]!.data.length);
    makeRandom(5, ...Buffer.from(name)).fill(data, -0.5, 0.5);
    values[name] = { ...values[name]!, data };
  }
  return values;
}

/** Every float32 changed in its last digits, up or down, a small one as one of ¼ is: what that changes of a result, rounding may change as well. */
function lastDigits(tensors: NamedTensors, stream: number): NamedTensors {
  const random = makeRandom(stream);
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [
      name,
      tensor.dtype === 'float32'
        ? {
            ...tensor,
            data: Float32Array.from(
              tensor.data,
              (value) => value + (random.next() < 0.5 ? -1 : 1) * 2 ** -22 * Math.max(Math.abs(value), 0.25),
            ),
          }
        : tensor,
    ]),
  );
}

const largestOf = (data: ArrayLike<number>): number =>
  Array.from(data).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** 1e-5 of the largest number next to it, of 1 where all are small; more only where a last digit of the inputs changes more. */
function expectNear(actual: Tensor, expected: Tensor, moved: readonly Tensor[], what: string): void {
  expect({ dtype: actual.dtype, shape: actual.shape }, what).toEqual({ dtype: expected.dtype, shape: expected.shape });
  const change = largestOf(
    moved.map(({ data }) => largestOf(Array.from(expected.data, (value, at) => value - data[at]!))),
  );
  const allowed = Math.max(1e-5 * Math.max(1, largestOf(expected.data)), 16 * change);
  for (let i = 0; i < expected.data.length; i++) {
    const [a, e] = [actual.data[i]!, expected.data[i]!];
    if (!(Math.abs(a - e) <= allowed))
      expect.fail(`${what}[${i}] is ${a}, and plain arrays say ${e}, give or take ${allowed}`);
  }
}

/** Hits that every kind of columns has: none where a row has few draws of its own. */
const hitsOf = (inputs: readonly string[]): readonly (readonly [number, number])[] =>
  inputs.some((name) => /^hits\/(sampled|shared|listed|mined|queue)/.test(name))
    ? [[0, 0]]
    : [
        [0, 2],
        [3, 1],
      ];
