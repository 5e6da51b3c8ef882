/**
 * Items that are written to `tower serve` while it answers: milliseconds of a write with its fsync, one after the other and from several clients at the same time.
 * `npx tsx bench/items.ts --url=http://127.0.0.1:8321 --columns='{"title":"A film","genres":"Drama"}' [--writes=500] [--clients=16]`, against a server with `--items`.
 */
import { parseArgs } from 'node:util';
import { quantile } from './load.ts';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8321' },
    columns: { type: 'string', default: '{}' },
    writes: { type: 'string', default: '500' },
    clients: { type: 'string', default: '16' },
  },
});
const count = Number(values.writes);

async function write(key: string): Promise<number> {
  const start = performance.now();
  const answer = await fetch(`${values.url}/v1/items/${key}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: values.columns,
  });
  if (answer.status !== 200) throw new Error(await answer.text());
  await answer.arrayBuffer();
  return performance.now() - start;
}

async function measure(clients: number): Promise<void> {
  const times: number[] = [];
  const start = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      for (let i = client; i < count; i += clients) times.push(await write(`bench-${i}`));
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  const sorted = Float64Array.from(times).sort();
  const shown = [0.5, 0.95, 0.99].map((part) => `p${100 * part} ${quantile(sorted, part).toFixed(1)} ms`).join(', ');
  console.log(`${clients} client${clients === 1 ? '' : 's'}: ${shown}, ${Math.round(count / seconds)} writes a second`);
}

await measure(1);
await measure(1);
await measure(Number(values.clients));
