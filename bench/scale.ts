/**
 * Ours at scale, next to bench/peers/*_scale.py: 20 tables of N rows × 16, batch 4096, 160→256→128→64 a side, the rows drawn
 * uniformly. Prints one JSON line. `tsx bench/scale.ts N [--seed S] [--steps 20] [--engine tensorflow] [--batch 4096] [--precision bf16]`
 */
import { parseArgs } from 'node:util';
import { makeRandom } from '../src/base/random/random.ts';
import { makeSource } from '../src/base/text/source.ts';
import { compileSource } from '../src/compiler/pipeline.ts';
import type { Column, Dataset, Encoding, IndexedColumn } from '../src/data/dataset.ts';
import type { EngineName } from '../src/engines/engine.ts';
import { chooseEngine } from '../src/engines/engines.ts';
import { graphInPrecision } from '../src/graph/in_bfloat16.ts';
import { initialValues } from '../src/graph/initial.ts';
import { makeTables } from '../src/training/embedding/tables.ts';
import { makeFeeder } from '../src/training/feed/feeder.ts';
import { median, peakMemory } from './machine.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    steps: { type: 'string', default: '20' },
    batch: { type: 'string', default: '4096' },
    engine: { type: 'string' },
    precision: { type: 'string', default: 'float32' },
    row: { type: 'boolean', default: true },
  },
});
const rows = Number(positionals[0]);
const batch = Number(values.batch);
const warm = 5;
const steps = warm + Number(values.steps);

const names = (side: string): string[] => Array.from({ length: 10 }, (_, i) => `${side}_${i}`);
const text = `model scale
features {
${[...names('u'), ...names('i')].map((name) => `  ${name} : id(hash: ${rows}, dim: 16)`).join('\n')}
}
group asks = ${names('u').join(', ')}
group answers = ${names('i').join(', ')}
tower user(asks) keyed by u_0 { channel main = asks -> flatten -> mlp(256, 128, 64) }
tower item(answers) keyed by i_0 { channel main = answers -> flatten -> mlp(256, 128, 64) }
task watch {
  score = cosine(user, item)
  loss = softmax(in_batch, temperature: 0.05)
}
train { batch = ${batch}, precision = ${values.precision}, dense = adam(rate: 1e-3), embeddings = adagrad(rate: 0.05, per: row) }
`;
const { lowered, diagnostics } = compileSource(makeSource('scale.tower', text));
if (!lowered) throw new Error(diagnostics.map(({ message }) => message).join('\n'));

const { plan } = lowered;
const random = makeRandom(Number(values.seed));
const events = steps * batch;
const codes = (): Column => ({
  kind: 'codes',
  values: Int32Array.from({ length: events }, () => random.integer(rows)),
});
const features = new Map<string, IndexedColumn>(plan.features.map(({ name }) => [name, { column: codes() }]));
const item = (features.get('i_0')!.column as { values: Int32Array }).values;
const encodings = new Map<string, Encoding>(plan.features.map(({ name }) => [name, { kind: 'hash', buckets: rows }]));
const parts = { rows: events, features, labels: new Map<string, Float32Array>(), item, user: new Int32Array(events) };
const corpus: Dataset['corpus'] = { rows, features: new Map(), keys: [], trainingCounts: new Int32Array(rows) };

const { engine } = await chooseEngine(values.engine as EngineName | undefined);
const tables = makeTables(plan, encodings);
const feeder = makeFeeder({ plan: plan.step, events: parts, corpus, features: plan.features, tables, seed: 1, batch });
const graph = graphInPrecision(plan.step.graph, values.precision === 'bf16' ? 'bf16' : 'float32', plan);
const program = await engine.prepare(graph, initialValues(graph, 1));

const order = random.permutation(events);
const times: { total: number; feed: number; engine: number; apply: number }[] = [];
for (let step = 0; step < steps; step++) {
  const start = performance.now();
  const inputs = feeder.inputs(order.subarray(step * batch, (step + 1) * batch), step + 1, { rate: 1e-3 });
  const fed = performance.now();
  const outputs = await program.run(inputs);
  const ran = performance.now();
  feeder.apply(outputs);
  const end = performance.now();
  times.push({ total: end - start, feed: fed - start, engine: ran - fed, apply: end - ran });
}
const counted = times.slice(warm);
const mean = (of: (time: (typeof times)[number]) => number): number =>
  Number((counted.reduce((sum, time) => sum + of(time), 0) / counted.length).toFixed(2));
const step = mean(({ total }) => total);
console.log(
  JSON.stringify({
    name: `tower-${engine.name}-${values.precision}`,
    N: rows,
    step_ms: step,
    median_ms: Number(median(counted.map(({ total }) => total)).toFixed(2)),
    engine_ms: mean((time) => time.engine),
    feed_ms: mean((time) => time.feed),
    apply_ms: mean((time) => time.apply),
    examples_s: Math.round((batch / step) * 1000),
    rss_mib: peakMemory(),
  }),
);
await program.close();
