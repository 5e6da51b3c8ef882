/** What is fuzzed: a server with two versions of a model of real files, whose items may be written. */
import { join } from 'node:path';
import { load } from '../../../../src/api.ts';
import { attachTo, closeLogs, open, openLogs } from '../../../../src/app/api/serve.ts';
import { makeServer, type Server } from '../../../../src/serving/server/server.ts';
import { makeRehearsal, makeSwaps } from '../../../../src/serving/server/versions/swaps.ts';
import { makeVersions, type Version } from '../../../../src/serving/server/versions/versions.ts';
import { trainFilms } from '../films.ts';
import type { Known } from './requests.ts';

export interface FuzzPlace {
  readonly server: Server;
  readonly port: number;
  readonly known: Known;
  /** The first version answers, and there are items to delete, as before the request. @param answer of it */
  restore(answer: string): Promise<void>;
  close(): Promise<void>;
}

// A process with little of the processor is no late answer.
const limits = { batch: 5, k: 40, deadline: 600_000 };

export async function fuzzPlace(root: string): Promise<FuzzPlace> {
  const run = await load(await trainFilms(root), { engine: 'onnx' });
  const logs = await openLogs({ items: join(root, 'written'), events: join(root, 'events') });
  const taken = { takesItems: true, takesEvents: true };
  const both = await Promise.all([open(run, taken), open(run, taken)]);
  for (const answers of both) await attachTo(logs, answers);
  let loadedCount = 0;
  // A version that was rolled back from does not come again, so each load of folder 2 is another one.
  const make = (folder: string): Version => ({
    ...{ id: folder === '1' ? 'version-1' : `version-2-${++loadedCount}`, folder, loaded: new Date() },
    answers: both[folder === '1' ? 0 : 1]!,
    close: async () => {},
  });
  const versions = makeVersions(make('1'));
  const swaps = makeSwaps({
    versions,
    rehearse: makeRehearsal(versions),
    load: async (folder) => make(folder),
    say: () => {},
  });
  await swaps.loadFolder('2');
  const server = await makeServer(versions, {
    ...{ tower: '0.0.0', limits, versionChanges: swaps },
    items: logs.items?.writes,
    events: logs.events?.writes,
  });
  const url = new URL(await server.listen('127.0.0.1', 0));
  const { width } = both[0].snapshot;
  return {
    server,
    port: Number(url.port),
    known: { width },
    async restore(answer) {
      if (versions.current.folder === '1') await swaps.loadFolder('2');
      const [, key] = /^\{"key":"(f\d+)","outcome":"deleted"\}$/.exec(answer) ?? [];
      if (key !== undefined)
        await logs.items!.writes.write([{ key, columns: { title: 'Back', genre: 'War', year: 2000 } }], false);
    },
    async close() {
      await server.close(0);
      await closeLogs(logs);
      await run.close();
    },
  };
}
