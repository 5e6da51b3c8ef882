/** An export gives the same answers, to the last bit, in each host of `tower-lang/runtime`. `test/models/train.slow.test.ts` asks every model. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { open } from '../../../src/runtime.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { corpus } from '../server/served.ts';
import { exportSmall } from './exported.ts';
import { hostNames, missingHosts, openHosts, type RuntimeHost } from './hosts.ts';
import { type Site, serveFolder } from './site.ts';

const root = temporaryFolder();
let site: Site;
let hosts: ReadonlyMap<string, RuntimeHost>;

beforeAll(async () => {
  const folder = join(root, 'coded');
  await (await exportSmall(root)).write(folder, { exact: false });
  site = await serveFolder(folder);
  hosts = openHosts(join(root, 'hosts'));
});
afterAll(async () => {
  for (const host of hosts.values()) await host.close();
  await site.close();
});

const requests = [
  { values: {}, k: 5 },
  { values: { history: [corpus.keys.at(1), corpus.keys.at(4)] }, k: 3, filter: 'year > 1990', columns: ['genres'] },
];

for (const name of hostNames) {
  const isMissing = missingHosts.includes(name);
  it.skipIf(isMissing)(`${name}${isMissing ? ' (skipped: this machine has it not)' : ''}`, async () => {
    const opened = await open(site.url);
    const wanted: unknown[] = [];
    for (const { values, ...more } of requests) {
      const vectors = await opened.vectors({ values });
      wanted.push(
        vectors.map((vector) => [...vector]),
        await opened.recommend({ values, ...more }),
      );
    }
    expect(await hosts.get(name)!.ask(site.url, requests)).toBe(JSON.stringify(wanted));
  });
}
