/** What the javascript engine foresees of its 4 GiB. */
import { describe, expect, it } from 'vitest';
import { loadEngine } from '../../src/engines/engines.ts';
import { makeBuilder } from '../../src/graph/builder.ts';
import { peakBytes } from '../../src/graph/count.ts';

const batch = { symbol: 'batch', times: 1 };

function scores() {
  const b = makeBuilder('scores');
  const x = b.input('x', [batch, 2]);
  const raised = b.exp(b.matMul(x, x, { transposeB: true }));
  b.output('sum', b.sum(raised, [0, 1]));
  return b.finish();
}

describe('the bytes that a run holds at the same time', () => {
  it('are those of the values alive together, not of all values', () => {
    // At exp: x (100 · 2), the product and its exponential (100 · 100 each), 4 bytes a number.
    expect(peakBytes(scores(), { batch: 100 })).toBe(4 * (200 + 10_000 + 10_000));
  });

  it('past the limit are an error before the run, with the bytes and the batch', async () => {
    const engine = await loadEngine('javascript');
    const program = await engine.prepare(scores(), {});
    const rows = 25_000;
    const x = { dtype: 'float32', shape: [rows, 2], data: new Float32Array(rows * 2) } as const;
    await expect(program.run({ x })).rejects.toThrow(
      'a batch of 25,000 needs 4.7 GiB, and the `javascript` engine can hold 3.75 GiB',
    );
    expect(
      (await program.run({ x: { dtype: 'float32', shape: [2, 2], data: new Float32Array(4) } })).sum!.data,
    ).toEqual(Float32Array.of(4));
    await program.close();
  });
});
