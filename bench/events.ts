/**
 * Events that are sent to `tower serve` while it answers: milliseconds until an event is acknowledged, and until an answer has it, beside requests for
 * recommendations. `npx tsx bench/events.ts RUN [--events=500] [--requests=1000] [--seconds=20] [--warm=10]` starts a server of the run, whose events have no further columns.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Load, load, openLine, post, quantile } from './load.ts';
import { processorTime, startServer } from './server_process.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    events: { type: 'string', default: '500' },
    requests: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '20' },
    /** Seconds of the same load before the figures, in which the code of the server is compiled. */
    warm: { type: 'string', default: '10' },
    columns: { type: 'string', default: '{}' },
  },
});
const columns = JSON.parse(values.columns);
const folder = mkdtempSync(join(tmpdir(), 'tower-bench-events-'));
const server = await startServer([positionals[0]!, '--events', folder]);

const ask = async (path: string, body?: object) => {
  const headers = { 'content-type': 'application/json' };
  const given = body ? { method: 'POST', headers, body: JSON.stringify(body) } : {};
  const answer = await fetch(`${server.url}${path}`, given);
  if (answer.status !== 200) throw new Error(await answer.text());
  // biome-ignore lint/suspicious/noExplicitAny: bodies of a bench
  return (await answer.json()) as any;
};

const users: string[] = (await ask('/v1/users?limit=100')).users.map(({ key }: { key: string }) => key);
const { items } = await ask('/v1/recommend', { values: {}, k: 200 });
const itemAt = (at: number): string => items[at % items.length].key;
const eventOf = (at: number): object => ({ user: users[at % users.length], item: itemAt(at * 7), columns });

/** Milliseconds from the sending of an event to the end of an answer that has it. */
async function eventToAnswer(port: number, seconds: number): Promise<Float64Array> {
  const times: number[] = [];
  const line = await openLine(port);
  const send = (request: Buffer): Promise<string> =>
    new Promise((resolve, reject) => {
      line.ask(request, (status, end) => (status === 200 ? resolve(end.toString()) : reject(new Error(`${end}`))));
    });
  for (let at = 0, end = performance.now() + 1000 * seconds; performance.now() < end; at++) {
    const [user, item] = [`probe ${at % 50}`, itemAt(at)];
    const requests = [post('/v1/events', { user, item, columns }), post('/v1/recommend', { user, history: 1 })];
    const start = performance.now();
    await send(requests[0]!);
    const answer = await send(requests[1]!);
    times.push(performance.now() - start);
    const [, known] = /"history":\[\{"key":"([^"]*)"/.exec(answer) ?? [];
    if (known !== item) throw new Error(`the answer has ${answer}, not ${item}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  line.socket.destroy();
  return Float64Array.from(times).sort();
}

const quantiles = (sorted: Float64Array): string =>
  [0.5, 0.95, 0.99].map((part) => `p${100 * part} ${quantile(sorted, part).toFixed(1)} ms`).join(', ');
const shown = (what: string, { seconds, times, statuses }: Load): string => {
  const others = [...statuses].filter(([status]) => status !== 200);
  return `${what}: ${Math.round(times.length / seconds)} a second, ${quantiles(times)}${others.length > 0 ? `, other answers ${others}` : ''}`;
};

try {
  const port = Number(new URL(server.url).port);
  const recommended = users.map((user) => post('/v1/recommend', { user }));
  const events = Array.from({ length: 5000 }, (_, at) => post('/v1/events', eventOf(at)));
  const both = (seconds: number) => {
    const given = { port, seconds, connections: 32 };
    return Promise.all([
      load({ ...given, rate: Number(values.requests), requests: recommended }),
      load({ ...given, rate: Number(values.events), requests: events }),
      eventToAnswer(port, seconds),
    ]);
  };
  await both(Number(values.warm));
  const seconds = Number(values.seconds);
  const before = processorTime(server.child);
  const [ofRequests, ofEvents, answers] = await both(seconds);
  console.log(`${Math.round((processorTime(server.child) - before) / seconds)} ms of the processor in each second`);
  console.log(shown('recommendations', ofRequests));
  console.log(shown('events', ofEvents));
  console.log(`from an event to an answer with it: ${quantiles(answers)} (${answers.length} of them)`);
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
