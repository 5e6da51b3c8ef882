/**
 * Kills `tower serve --events` with SIGKILL while events are written, and starts it again: each event that was acknowledged must be in the log, once.
 * `npx tsx bench/event_kills.ts RUN [--kills=100] [--columns='{}']`
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeRandom } from '../src/base/random/random.ts';
import { makeLogFiles } from '../src/base/storage/record_log/lines.ts';
import { readRecordLog } from '../src/base/storage/record_log/record_log.ts';
import { eventLog } from '../src/serving/server/writes/event_log.ts';
import { startServer } from './server_process.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { kills: { type: 'string', default: '100' }, columns: { type: 'string', default: '{}' } },
});
const folder = mkdtempSync(join(tmpdir(), 'tower-bench-kills-'));
const random = makeRandom(1);
const acknowledged = new Set<string>();
let sent = 0;

for (let kill = 0; kill < Number(values.kills); kill++) {
  const server = await startServer([positionals[0]!, '--events', folder]);
  const about = await fetch(`${server.url}/v1/recommend`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"values":{},"k":50}',
  });
  const { items } = (await about.json()) as { items: { key: string }[] };
  let isKilled = false;
  const client = async (): Promise<void> => {
    while (!isKilled) {
      const id = `event ${sent++}`;
      const item = items[random.integer(items.length)]!.key;
      const body = JSON.stringify({ user: `u${random.integer(100)}`, item, id, columns: JSON.parse(values.columns) });
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${server.url}/v1/events`, { method: 'POST', headers, body }).catch(() => undefined);
      if (answer?.status === 200) acknowledged.add(id);
    }
  };
  const clients = Array.from({ length: 8 }, client);
  await new Promise((resolve) => setTimeout(resolve, 50 + random.integer(400)));
  await server.stop('SIGKILL');
  isKilled = true;
  await Promise.all(clients);
}
const { records } = await readRecordLog(makeLogFiles(folder), eventLog);
const logged = records.flat().flatMap((write) => ('id' in write && write.id !== undefined ? [write.id] : []));
const lost = [...acknowledged].filter((id) => !logged.includes(id)).length;
const twice = logged.length - new Set(logged).size;
console.log(
  `${values.kills} kills: ${sent} events sent, ${acknowledged.size} acknowledged, ${logged.length} in the log, ${lost} lost, ${twice} twice`,
);
rmSync(folder, { recursive: true, force: true });
