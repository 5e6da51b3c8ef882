/** Validation and test events stay in memory: they are read whole, once an evaluation. */
import type { Dataset, Events } from '../dataset.ts';
import { ascendingPlaces } from '../rows/ascending_places.ts';
import { gather } from '../rows/gather.ts';
import { type Block, joined } from './block.ts';
import { packEvents, type SharedColumns, unpackEvents } from './event_rows.ts';
import type { EncodedRest } from './gathered.ts';
import { refuseLargeHeldOut } from './layout.ts';

/** In the order of time, as they are without shards. @throws Failure `shards-memory` */
export function heldOut(
  { held, heldSpec }: Pick<EncodedRest, 'held' | 'heldSpec'>,
  shared: SharedColumns,
  memory: number,
): Pick<Dataset['parts'], 'validation' | 'test'> {
  // Ordering them takes the same again.
  refuseLargeHeldOut(memory, 2 * [...held.validation, ...held.test].reduce((sum, block) => sum + bytesOf(block), 0));
  const inOrder = (blocks: readonly Block[]): Events => {
    const events = unpackEvents(blocks, heldSpec, shared);
    const times = joined(blocks, '#time', Float64Array);
    const byRow = ascendingPlaces(events.ids!);
    const byTime = ascendingPlaces(Float64Array.from(byRow, (place) => times[place]!));
    return unpackEvents([packEvents(events, heldSpec, gather(byRow, byTime))], heldSpec, shared);
  };
  return { validation: inOrder(held.validation), test: inOrder(held.test) };
}

const bytesOf = (block: Block): number => [...block.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
