/** Every model learns from real rows: two epochs over a small sample of the data set that it is for. It then answers in a browser as it does here. */
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { evaluate, load, train } from '../../src/api.ts';
import { missingHosts } from '../serving/runtime/hosts.ts';
import { RuntimeLaw } from '../serving/runtime/law.ts';
import { temporaryFolder } from '../training/temporary_folder.ts';
import { blockOf, cases, isThere } from './samples.ts';

const root = temporaryFolder();
const law = new RuntimeLaw(join(root, 'pages'));
afterAll(() => law.close());

if (missingHosts.length > 0)
  console.warn(`models are not asked in ${missingHosts.join(', ')}, which this machine has not`);

/** Models whose loss falls only after more than two epochs of so few rows: here by what is dropped from the lists. */
const epochsOf: Readonly<Record<string, number>> = { vae_per_item: 8 };

for (const [model, set] of cases) {
  const there = isThere(set);
  it.skipIf(!there)(`${model} learns from ${set}${there ? '' : ' (skipped: its files are not here)'}`, async () => {
    const data = await blockOf(set);
    const out = join(root, `${model}-${set}`);
    const { records, plan } = await train(`models/${model}.tower`, {
      data,
      out,
      set: { epochs: epochsOf[model] ?? 2, batch: 64 },
    });
    const [first, last] = [records[0], records.at(-1)];
    expect(last!.loss).toBeLessThan(first!.loss);
    for (const { name, loss } of plan.tasks)
      if (loss) expect(Number.isFinite(last!.scalars[`loss:${name}`])).toBe(true);
    const run = await load(out);
    const { rows } = await evaluate(run, { baselines: false, metrics: 'auc' });
    expect(rows[0]!.all.auc).toBeGreaterThan(0);
    await law.expectSame(`${model}-${set}`, run);
    await run.close();
  });
}
