/**
 * Answers a second of `tower serve` in one process and in several, `npx tsx bench/processes.ts RUN [--processes=2] [--share=60] [--seconds=10]`. The load generator
 * takes a part of the same machine, so with `--share` each process of the server gets this percentage of a core (cgroup v1, as root) and the generator the rest.
 */
import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { load, post, quantile } from './load.ts';
import { type ServerProcess, startServer } from './server_process.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    processes: { type: 'string', default: '2' },
    share: { type: 'string' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
  },
});
const cgroup = '/sys/fs/cgroup/cpu/tower-bench';

/** Limits the server and its processes to a part of the machine. */
function limit({ child }: ServerProcess, processes: number): void {
  if (values.share === undefined) return;
  mkdirSync(cgroup, { recursive: true });
  writeFileSync(`${cgroup}/cpu.cfs_period_us`, '20000');
  writeFileSync(`${cgroup}/cpu.cfs_quota_us`, String(Math.round(200 * Number(values.share) * processes)));
  const threads = readdirSync(`/proc/${child.pid}/task`);
  const children = threads.flatMap((thread) =>
    readFileSync(`/proc/${child.pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
  );
  for (const id of [String(child.pid), ...children]) writeFileSync(`${cgroup}/cgroup.procs`, id);
}

async function measure(processes: number): Promise<{ rate: number; slowest: number }> {
  const server = await startServer([positionals[0]!, ...(processes > 1 ? ['--processes', String(processes)] : [])]);
  try {
    limit(server, processes);
    const { users } = await (await fetch(`${server.url}/v1/users?limit=100`)).json();
    const requests = users.map(({ key }: { key: string }) => post('/v1/recommend', { user: key }));
    const options = { port: Number(new URL(server.url).port), connections: 32, requests };
    await load({ ...options, seconds: 4 });
    const { times, seconds } = await load({ ...options, seconds: Number(values.seconds) });
    return { rate: times.length / seconds, slowest: quantile(times, 0.99) };
  } finally {
    await server.stop();
  }
}

const count = Number(values.processes);
for (let round = 0; round < Number(values.rounds); round++) {
  const [one, several] = [await measure(1), await measure(count)];
  console.log(
    `one ${one.rate.toFixed(0)} answers/s (p99 ${one.slowest.toFixed(1)} ms), ${count} processes ${several.rate.toFixed(0)} (p99 ${several.slowest.toFixed(1)} ms): ${(several.rate / one.rate).toFixed(2)} times`,
  );
}
if (values.share !== undefined) rmdirSync(cgroup);
