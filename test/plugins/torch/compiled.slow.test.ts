/** A step that Inductor compiled: the numbers of plain arrays at sizes that the compiler did not plan for, the same bits each time, and no compiling twice. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Tensors } from '../../../src/engines/engine.ts';
import { makeBuilder } from '../../../src/graph/builder.ts';
import { differentiate } from '../../../src/graph/differentiate.ts';
import { symbolicDim } from '../../../src/graph/dims.ts';
import { initialValues } from '../../../src/graph/initial.ts';
import { torchEngine } from '../../../src/plugins/torch/torch.ts';
import { torchSettings } from '../../../src/plugins/torch/torch_worker.ts';
import { engineOrSkip, expectEngineToAgree } from '../../engines/support.ts';
import { randomTensor, tensor } from '../../graph/support.ts';

const cache = mkdtempSync(join(tmpdir(), 'tower-test-'));
afterAll(() => rmSync(cache, { recursive: true }));

/** A layer, and the softmax of a batch with masked hits: each op that scatters, and two lengths that change from step to step. */
function stepGraph() {
  const [batch, distinct, hits] = ['batch', 'distinct', 'hits'].map((each) => symbolicDim(each)) as [
    never,
    never,
    never,
  ];
  const b = makeBuilder('small_step');
  const [user, items] = [b.input('user', [batch, 6]), b.input('items', [distinct, 5])];
  const own = b.input('own', [batch], 'int32');
  const masked = b.input('masked', [hits, 2], 'int32');
  const weights = b.parameter('weights', [6, 5], { kind: 'glorot', fans: [6, 5] });
  const scores = b.matMul(b.tanh(b.matMul(user, weights)), items, { transposeB: true });
  const like = b.cast(b.reshape(b.slice(masked, [0, 0], [-1, 1]), [hits]), 'float32');
  const shown = b.scatterUpdate(scores, masked, b.broadcastTo(b.constant(-1e9), like));
  const chosen = b.sum(b.mul(b.matMul(user, weights), b.gather(items, own)), [1]);
  const loss = b.mean(b.sub(b.log(b.sum(b.exp(shown), [1])), chosen), [0]);
  const [byWeights, byItems] = differentiate(b, loss, [weights, items]) as [never, never];
  b.output('loss', loss);
  b.output('gradient:items', byItems);
  b.update(weights, b.sub(weights, b.mul(byWeights, 0.1)));
  return b.finish();
}

const graph = stepGraph();
const parameters = initialValues(graph, 3);

function inputs(batch: number, distinct: number, hits: number): Tensors {
  const own = Array.from({ length: batch }, (_, at) => (at * 7) % distinct);
  const masked = Array.from({ length: hits }, (_, at) => [at % batch, (at * 3) % distinct]).flat();
  return {
    user: randomTensor([batch, 6], batch),
    items: randomTensor([distinct, 5], distinct + 1),
    own: tensor(own, 'int32'),
    masked: { dtype: 'int32', shape: [hits, 2], data: Int32Array.from(masked) },
  };
}

const hasCompiler = ['g++', 'c++', 'clang++'].some((name) => spawnSync(name, ['--version']).status === 0);
const loads = (await engineOrSkip('torch')) !== undefined;

it.skipIf(!loads || !hasCompiler)(
  'gives the numbers of plain arrays at every size, the same bits each time, and is compiled once',
  { timeout: 300_000 },
  async () => {
    const settings = { ...torchSettings(), compile: true, cache };
    const first = await torchEngine(settings);
    expect(first.version).toMatch(/^PyTorch 2\.\d+\.\d+ \(cpu, steps compiled\)$/);
    for (const sizes of [
      [12, 9, 4],
      [3, 2, 1],
      [2, 2, 0],
      [1, 1, 0],
      [1, 2, 1],
      [70, 50, 31],
    ] as [number, number, number][]) {
      await expectEngineToAgree(first, graph, inputs(...sizes), parameters, 2);
    }
    const folder = join(cache, 'programs');
    const files = readdirSync(folder);
    expect(files).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.pt2$/)]);
    const { mtimeMs } = statSync(join(folder, files[0]!));

    const bits = async (engine: typeof first): Promise<string[]> => {
      const program = await engine.prepare(graph, parameters);
      const seen: Tensors[] = [];
      for (const batch of [900, 700, 900]) seen.push(await program.run(inputs(batch, 650, 333)));
      seen.push(await program.read());
      return seen.flatMap((each) => Object.values(each).map(({ data }) => Buffer.from(data.buffer).toString('base64')));
    };
    const other = await torchEngine(settings);
    expect(await bits(other)).toEqual(await bits(first));
    expect(statSync(join(folder, files[0]!)).mtimeMs).toBe(mtimeMs);
    expect(readdirSync(folder)).toEqual(files);

    // Neither a graph that changes nothing nor one of more than a thousand ops.
    for (const isStep of [false, true]) {
      const b = makeBuilder('plain');
      const kept = b.parameter('kept', [2], { kind: 'zeros' });
      let sum = b.add(kept, b.input('x', [2]));
      for (let op = 0; isStep && op < 1000; op += 1) sum = b.tanh(sum);
      b.output('sum', sum);
      if (isStep) b.update(kept, sum);
      await (await other.prepare(b.finish(), { kept: tensor([0, 0]) })).run({ x: tensor([1, 2]) });
    }
    expect(readdirSync(folder)).toEqual(files);
  },
);
