/** Two processes of PyTorch as two workers: the numbers of one, and what is said when one of them is late, slow or gone. */
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import type { Tensors } from '../../../src/engines/engine.ts';
import type { Meeting } from '../../../src/engines/group.ts';
import { makeBuilder } from '../../../src/graph/builder.ts';
import { differentiate } from '../../../src/graph/differentiate.ts';
import { symbolicDim } from '../../../src/graph/dims.ts';
import { distribute } from '../../../src/graph/distribute/distribute.ts';
import { evaluateGraph } from '../../../src/graph/evaluate.ts';
import type { Tensor } from '../../../src/graph/graph.ts';
import { initialValues } from '../../../src/graph/initial.ts';
import { torchEngine } from '../../../src/plugins/torch/torch.ts';
import { torchSettings } from '../../../src/plugins/torch/torch_worker.ts';
import { engineOrSkip, expectSame } from '../../engines/support.ts';
import { randomTensor } from '../../graph/support.ts';

const folder = mkdtempSync(join(tmpdir(), 'tower-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const loads = (await engineOrSkip('torch')) !== undefined;

/** Softmax over a batch whose items are all negatives. */
function stepGraph() {
  const b = makeBuilder('small_step');
  const [user, items] = ['user', 'items'].map((name) => b.input(name, [symbolicDim('batch'), 6])) as [never, never];
  const weights = b.parameter('weights', [6, 6], { kind: 'glorot', fans: [6, 6] });
  const query = b.tanh(b.matMul(user, weights));
  const scores = b.matMul(query, items, { transposeB: true });
  const own = b.sum(b.mul(query, items), [1]);
  const loss = b.mean(b.sub(b.log(b.sum(b.exp(scores), [1])), own), [0]);
  const [byWeights, byItems] = differentiate(b, loss, [weights, items]) as [never, never];
  b.output('loss', loss);
  b.output('gradient:items', byItems);
  b.update(weights, b.sub(weights, b.mul(byWeights, 0.1)));
  return b.finish();
}

const rowsOf = (tensor: Tensor, from: number, to: number): Tensor => ({
  ...tensor,
  shape: [to - from, 6],
  data: tensor.data.slice(6 * from, 6 * to),
});

it.skipIf(!loads)(
  'two processes give the numbers of one; the end of one ends the other',
  { timeout: 300_000 },
  async () => {
    const settings = { ...torchSettings(), compile: false, threads: 1 };
    process.env.GLOO_SOCKET_IFNAME ??= process.platform === 'darwin' ? 'lo0' : 'lo';
    const [one, two] = await Promise.all([torchEngine(settings), torchEngine(settings)]);
    const lost = new AbortController();
    const meeting = (rank: number, more: Partial<Meeting> = {}): Meeting => ({
      ...{ rank, workers: 2, meet: `file://${join(folder, 'meeting')}` },
      ...{ meetSeconds: 120, seconds: 120, patientSeconds: 120 },
      ...more,
    });
    // A worker that does not come, and a place that is lost.
    const [early, late, gone] = ['early', 'late', 'gone/meeting'].map((name) => `file://${join(folder, name)}`);
    await expect(two!.join!(meeting(1, { meet: early!, meetSeconds: 1 }))).rejects.toThrow(
      /^worker 0 did not come to .* within 1 seconds$/,
    );
    await expect(two!.join!(meeting(1, { meet: gone! }))).rejects.toThrow(/do not meet at .*: there is no folder/);
    // A worker that is busy with something else for too long.
    const short = { meet: late!, seconds: 2 };
    const [punctual, busy] = await Promise.all([one!.join!(meeting(0, short)), two!.join!(meeting(1, short))]);
    await busy!.note('reads its rows');
    await expect(punctual!.exchange(Uint8Array.of(1))).rejects.toThrow(
      new RegExp(`^worker 1 on ${hostname()} is too slow: it reads its rows, since \\d+ seconds \\(.*imed out`),
    );

    const [first, second] = await Promise.all([one!.join!(meeting(0)), two!.join!(meeting(1, { lost: lost.signal }))]);
    const said = await Promise.all([first!.exchange(Uint8Array.of(1, 2, 3)), second!.exchange(new Uint8Array(0))]);
    for (const heard of said) expect(heard.map((bytes) => [...bytes])).toEqual([[1, 2, 3], []]);

    // Each has other bytes for each; the second has none for itself.
    const parts = [
      [Uint8Array.of(1), Uint8Array.of(2, 3)],
      [Uint8Array.of(4, 5, 6), new Uint8Array(0)],
    ];
    const got = await Promise.all([first!, second!].map((group, rank) => group.allToAll(parts[rank]!)));
    expect(got.map((heard) => heard.map((bytes) => [...bytes]))).toEqual([
      [[1], [4, 5, 6]],
      [[2, 3], []],
    ]);

    const graph = stepGraph();
    const rows = { portion: 'rows' } as const;
    const shared = distribute(graph, {
      inputs: new Map([
        ['user', rows],
        ['items', rows],
      ]),
      localSymbols: new Set(),
    });
    const parameters = initialValues(graph, 3);
    // The last worker has a row less.
    const whole: Tensors = { user: randomTensor([7, 6], 1), items: randomTensor([7, 6], 2) };
    const { outputs, parameters: after } = evaluateGraph(graph, whole, parameters);
    const all: Tensor = { dtype: 'int32', shape: [7], data: new Int32Array(7) };
    await Promise.all(
      [one, two].map(async (engine, rank) => {
        const program = await engine!.prepare(shared, parameters);
        const [from, to] = rank === 0 ? [0, 4] : [4, 7];
        const places = Int32Array.from({ length: to - from }, (_, at) => from + at);
        const given = await program.run({
          user: rowsOf(whole.user!, from, to),
          items: rowsOf(whole.items!, from, to),
          'own/batch': { dtype: 'int32', shape: [to - from], data: places },
          'all/batch': all,
        });
        expectSame(given.loss!, outputs.loss!, 'loss');
        expectSame(given['gradient:items']!, rowsOf(outputs['gradient:items']!, from, to), 'gradient');
        expectSame((await program.read()).weights!, after.weights!, 'weights');
      }),
    );

    await Promise.all([first!, second!].map((group) => group.exchange(Uint8Array.of(1), { done: 'step 7' })));
    lost.abort(new Error('the other worker was asked to end'));
    await expect(second!.exchange(Uint8Array.of(1))).rejects.toThrow('was asked to end');
    await expect(first!.exchange(Uint8Array.of(1))).rejects.toThrow(
      new RegExp(`^worker 1 on ${hostname()} is gone \\(after step 7; `),
    );
  },
);

it.skipIf(!loads)('a place where another program listens is one that no worker came to', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  vi.stubEnv('MASTER_ADDR', '127.0.0.1');
  vi.stubEnv('MASTER_PORT', String(port));
  const limits = { meetSeconds: 2, seconds: 2, patientSeconds: 2 };
  const engine = await torchEngine({ ...torchSettings(), compile: false, threads: 1 });
  await expect(engine.join!({ rank: 1, workers: 2, meet: 'env://', ...limits })).rejects.toThrow(
    `worker 0 did not come to 127.0.0.1:${port} within 2 seconds`,
  );
  vi.unstubAllEnvs();
  for (const socket of sockets) socket.destroy();
  silent.close();
});
