/** Training rows that are in piles. */
import { failure } from '../../diagnostics/failure.ts';
import type { Events, TrainingShards } from '../dataset.ts';
import { merged, type OwnBlock } from './block.ts';
import { packEvents, type SharedColumns, unpackEvents } from './event_rows.ts';
import { pileName, type ShardManifest } from './manifest.ts';
import { readPile } from './piles.ts';

/** In place of the rows: how many there are. Whatever asks for one of them cannot work in shards, and says so. */
export function absentRows(rows: number): Events {
  const absent = (): never => {
    throw failure('shards-unsupported', { what: 'this command' });
  };
  return {
    rows,
    get features() {
      return absent();
    },
    get labels() {
      return absent();
    },
    get item() {
      return absent();
    },
    get user() {
      return absent();
    },
  };
}

export function trainingShards(
  folder: string,
  { piles, layout, spec }: ShardManifest,
  checksum: string,
  shared: SharedColumns,
  labelSums: TrainingShards['labelSums'],
): TrainingShards {
  return {
    folder,
    checksum,
    layout,
    piles: piles.map(({ rows }) => rows),
    labelSums,
    async read(these, before) {
      const blocks: OwnBlock[] = before ? [packEvents(before.events, spec, before.rows)] : [];
      for (const pile of these) {
        if (piles[pile]!.rows > 0) blocks.push(merged(await readPile(folder, pileName(pile), piles[pile]!)));
      }
      return unpackEvents(blocks.length > 1 ? [merged(blocks)] : blocks, spec, shared);
    },
  };
}
