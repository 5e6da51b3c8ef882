/** The loss of a softmax as one op of our own, next to TensorFlow's own ops in float32: the same step, with and without it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { compileSource } from '../../../src/compiler/pipeline.ts';
import type { Engine, Tensors } from '../../../src/engines/engine.ts';
import { trainingSavedModel } from '../../../src/engines/formats/saved_model.ts';
import { resolveShape } from '../../../src/graph/dims.ts';
import { hostDtype } from '../../../src/graph/evaluate.ts';
import type { Graph, Tensor } from '../../../src/graph/graph.ts';
import { useBfloat16 } from '../../../src/graph/in_bfloat16.ts';
import type { TensorflowAddon } from '../../../src/plugins/tensorflow/addon.ts';
import { fusedOps } from '../../../src/plugins/tensorflow/fused_ops.ts';
import { loadBinding, tensorflowEngine } from '../../../src/plugins/tensorflow/tensorflow.ts';
import { temporaryFolder } from '../../temporary_folder.ts';

/** Its products are those of the loss alone, unless the towers have a layer. */
const model = (loss: string, { width = 24, score = 'cosine', weight = '', layer = '' } = {}) => `model step
features {
  user_id : id(dim: ${width})
  item_id : id(dim: ${width})
  price   : number
}
tower user(user_id) keyed by user_id { channel main = user_id${layer} }
tower item(item_id) keyed by item_id { channel main = item_id${layer} }
task buy {
  score = ${score}(user, item)
  loss  = softmax(${loss})${weight}
}
train { dense = adam(rate: 1e-2) }
`;

function stepOf(text: string): Graph {
  const { lowered, diagnostics } = compileSource(makeSource('step.tower', text));
  if (!lowered) throw new Error(diagnostics.map(({ message }) => message).join('; '));
  return lowered.plan.step.graph;
}

/** A batch in which rows share columns, with accidental hits that are not the row's own. */
function batchOf(graph: Graph, rows: number, columns: number): Tensors {
  const random = makeRandom(3, rows, columns);
  const own = Array.from({ length: rows }, (_, row) => (row < columns ? row : random.integer(columns)));
  const hits = Array.from(
    { length: Math.ceil(rows / 4) },
    () => [random.integer(rows), random.integer(columns)] as const,
  ).filter(([row, column]) => own[row] !== column);
  const distinctHits = [...new Map(hits.map((pair) => [pair.join(), pair])).values()];
  const counts = own.reduce(
    (sums, column) => sums.fill(sums[column]! + 1, column, column + 1),
    new Float32Array(columns),
  );
  const sizes = { batch: rows, distinct: columns, hits_distinct: distinctHits.length, hits: distinctHits.length };
  const numbers = (length: number, make: () => number) => Float32Array.from({ length }, make);
  return Object.fromEntries(
    graph.inputs.map(({ name, node }): [string, Tensor] => {
      const { dtype, shape: dims } = graph.nodes[node]!.type;
      const shape = resolveShape(dims, sizes);
      const length = shape.reduce((product, dim) => product * dim, 1);
      const dataOf = (): Tensor['data'] => {
        if (name.startsWith('places/')) return Int32Array.from(own.flatMap((column, row) => [row, column]));
        if (name.startsWith('hits/')) return Int32Array.from(distinctHits.flat());
        if (name.startsWith('counts/')) return counts;
        if (name.startsWith('log_q/')) return numbers(length, () => -3 - 6 * random.next());
        if (name.endsWith('price')) return numbers(length, () => random.integer(3));
        if (name === 'train/rate') return Float32Array.of(0.01);
        if (name === 'train/step') return Float32Array.of(1);
        return numbers(length, () => 2 * random.next() - 1);
      };
      return [name, { dtype: hostDtype(dtype), shape, data: dataOf() }];
    }),
  );
}

function parametersOf(graph: Graph): Tensors {
  const random = makeRandom(5, 1);
  return Object.fromEntries(
    graph.parameters.map(({ name, node, trainable }): [string, Tensor] => {
      const shape = resolveShape(graph.nodes[node]!.type.shape, {});
      const length = shape.reduce((product, dim) => product * dim, 1);
      const data = Float32Array.from({ length }, () => (trainable ? random.next() - 0.5 : 0));
      return [name, { dtype: 'float32', shape, data }];
    }),
  );
}

/** The largest difference of any element, as a share of the largest element. */
function difference(a: Tensor, b: Tensor): number {
  let [largest, apart] = [1e-30, 0];
  a.data.forEach((x, at) => {
    largest = Math.max(largest, Math.abs(x));
    const gap = Math.abs(x - b.data[at]!);
    apart = Number.isNaN(gap) ? Number.POSITIVE_INFINITY : Math.max(apart, gap);
  });
  return apart / largest;
}

const inHalf = (graph: Graph): Graph => useBfloat16(graph, { minOperations: 0 });

const opsOf = (graph: Graph): string => Buffer.from(trainingSavedModel(graph, true).bytes).toString('latin1');

const cases: readonly (readonly [string, string])[] = [
  ['in_batch, temperature: 0.1', model('in_batch, temperature: 0.1')],
  ['correction: frequency', model('in_batch, temperature: 0.05, correction: frequency')],
  ['correction: streaming', model('in_batch, temperature: 0.05, correction: streaming')],
  ['accidental_hits: keep', model('in_batch, temperature: 0.2, accidental_hits: keep')],
  ['width 7', model('in_batch, temperature: 0.1, correction: frequency', { width: 7 })],
  ['width 100', model('in_batch, temperature: 0.1, correction: frequency', { width: 100 })],
  ['weight', model('in_batch, temperature: 0.1', { weight: '\n  weight = price' })],
];

describe('a step with the loss as one op', () => {
  it.each(cases)('has it with %s', (_, text) => {
    expect(opsOf(inHalf(stepOf(text)))).toContain('TowerSoftmaxLoss');
  });

  it.each([
    ['an inner product without a bound', model('in_batch', { score: 'dot' })],
    ['a margin', model('in_batch, temperature: 0.1, margin: 0.1')],
    ['all items', model('all, temperature: 0.1')],
    ['drawn negatives', model('negatives: sampled(8), temperature: 0.1')],
    ['a temperature whose exponentials are too large', model('in_batch, temperature: 0.01')],
  ])('has none with %s', (_, text) => {
    expect(opsOf(inHalf(stepOf(text)))).not.toContain('TowerSoftmaxLoss');
  });

  it('has none if the loss is a part of the objective', () => {
    const two = model('in_batch, temperature: 0.1').replace('train {', 'objective = 2 * buy\ntrain {');
    expect(opsOf(inHalf(stepOf(two)))).not.toContain('TowerSoftmaxLoss');
  });

  it('has none in float32, where stock ops are as fast', () => {
    expect(opsOf(stepOf(cases[0]![1]))).not.toContain('TowerSoftmaxLoss');
  });
});

describe('a library of fused ops', () => {
  const binding = {} as TensorflowAddon;

  it('is not used, and not spoken of, where it is not built', () => {
    expect(fusedOps(binding, temporaryFolder('tower-ops-'))).toEqual({ used: false });
  });

  it('is refused if it does not load', () => {
    const folder = temporaryFolder('tower-ops-');
    mkdirSync(join(folder, 'deps/lib'), { recursive: true });
    writeFileSync(join(folder, 'deps/lib/tower_ops-2.node'), 'not a library');
    const { used, note } = fusedOps(binding, folder);
    expect(used).toBe(false);
    expect(note).toMatch(/^fused loss refused: /);
  });
});

function missing(): string | undefined {
  try {
    const { binding, folder } = loadBinding();
    const { used, note = 'it is not built' } = fusedOps(binding, folder);
    return used ? undefined : note;
  } catch {
    return 'TensorFlow is not set up';
  }
}

const reason = missing();

describe.skipIf(reason !== undefined)(`the fused op${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let engines: readonly [Engine, Engine];
  beforeAll(() => {
    engines = [tensorflowEngine(false), tensorflowEngine()];
  });

  async function outputsOf(engine: Engine, graph: Graph, inputs: Tensors): Promise<Tensors> {
    const program = await engine.prepare(graph, parametersOf(graph));
    const outputs = await program.run(inputs);
    await program.close();
    return outputs;
  }

  const sizes = [
    [9, 20],
    [20, 9],
    [64, 48],
    [131, 130],
    [300, 77],
  ] as const;

  it.each(cases)(
    'computes the loss and the gradients of stock ops in float32, but for roundings, with %s',
    async (_, text) => {
      const graph = stepOf(text);
      const isDistinct = graph.inputs.some(({ name }) => name.startsWith('places/'));
      for (const [rows, columns] of sizes) {
        const inputs = batchOf(graph, rows, isDistinct ? columns : rows);
        const exact = await outputsOf(engines[0], graph, inputs);
        const fused = await outputsOf(engines[1], inHalf(graph), inputs);
        for (const [name, tensor] of Object.entries(exact)) {
          expect(difference(tensor, fused[name]!), `${name} of ${rows} × ${columns}`).toBeLessThan(
            name.startsWith('gradient') ? 1e-2 : 1e-3,
          );
        }
      }
    },
  );

  it('is nearer to float32 than stock ops in bfloat16, also behind layers', async () => {
    const graph = stepOf(
      model('in_batch, temperature: 0.1, correction: frequency', { width: 64, layer: ' -> mlp(32, 64)' }),
    );
    const inputs = batchOf(graph, 300, 200);
    const [exact, stock, fused] = await Promise.all([
      outputsOf(engines[0], graph, inputs),
      outputsOf(engines[0], inHalf(graph), inputs),
      outputsOf(engines[1], inHalf(graph), inputs),
    ]);
    const errorOf = ({ loss }: Tensors) => difference(exact.loss!, loss!);
    expect(errorOf(fused)).toBeLessThan(2e-3);
    expect(errorOf(fused)).toBeLessThan(errorOf(stock) + 1e-4);
    // The layers of the towers are in bfloat16 too.
    for (const [name, tensor] of Object.entries(exact))
      expect(difference(tensor, fused[name]!), name).toBeLessThan(0.2);
  });

  it('gives the same bits in each run', async () => {
    const graph = inHalf(stepOf(cases[1]![1]));
    const inputs = batchOf(graph, 300, 200);
    const program = await engines[1].prepare(graph, parametersOf(graph));
    const again = await engines[1].prepare(graph, parametersOf(graph));
    expect(await again.run(inputs)).toEqual(await program.run(inputs));
    await program.close();
    await again.close();
  });
});
