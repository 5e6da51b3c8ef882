/** Takes writes of items: says what each did, and which versions cannot apply an earlier write. */
import { diagnose, Failure, failure } from '../../../base/diagnostics/diagnostic.ts';
import type { WriteLog } from '../../../base/storage/record_log/write_log.ts';
import type { ItemWrite, ItemWrites } from '../../live/item_writes.ts';
import type { ItemChange } from '../../live/live_items.ts';
import { errorDetailOf, pointer, RequestError } from '../refused.ts';
import type { ErrorDetail, WriteOutcome } from '../schemas.ts';
import { badRequest, type LoggedWrites, makeWriteBatches, type WriteRequest } from './batches.ts';

export type ItemIntake = LoggedWrites<ItemWrite, ItemWrites, WriteOutcome, StoredItems>;

interface StoredItems {
  /** Number of written items that exist. `deleted`: number of deleted keys. */
  readonly items: number;
  readonly deleted: number;
  /** Size of the log. */
  readonly bytes: number;
}

export interface WritesSource extends Pick<ItemIntake, 'stored'> {
  readonly log: WriteLog<readonly ItemWrite[]>;
  /** Called with a message for the user if memory is not freed, or if a version cannot apply a write of another process. */
  readonly say?: (line: string) => void;
}

/** Maximum number of waiting requests. */
const maxWaiting = 1024;

export function makeItemIntake({ log, stored, say = () => {} }: WritesSource): ItemIntake {
  const batches = makeWriteBatches<ItemWrite, ItemChange, ItemWrites, WriteOutcome>({
    ...{ log, maxWaiting, what: 'writes', errorsAt: 'columns', catchUp: log.catchUp },
    accept() {
      const changedKeys = new Map<string, boolean>();
      return (request) => {
        const outcomes = outcomesOf(request, batches.versions, changedKeys);
        return outcomes instanceof RequestError ? outcomes : { writes: request.writes, outcomes: () => outcomes };
      };
    },
  });

  const apply = async (
    version: ItemWrites,
    writes: readonly ItemWrite[],
    onRefusal: (key: string, reason: Failure) => void,
  ): Promise<void> => {
    const changes = await batches.changesOf(version, writes);
    changes.forEach((change, index) => {
      if (change instanceof Failure) onRefusal(writes[index]!.key, change);
    });
    version.show(changes.filter((change): change is ItemChange => !(change instanceof Failure)));
    void version.tidy().catch(({ message }: Error) => say(`memory of earlier writes is not freed: ${message}`));
  };

  return {
    stored,
    write: (writes, isArray) => batches.write({ writes, isArray }),
    async attach(version) {
      let isAttached = false;
      await batches.attach(version, (entries) =>
        apply(version, entries.flat(), (key, reason) => {
          const refusal = itemRefusal(key, reason);
          // A write that a version cannot apply refuses the version while it is attached. Later it is only reported, because the version answers.
          if (!isAttached) throw refusal;
          say(refusal.diagnostics[0]!.message);
        }),
      );
      isAttached = true;
    },
    detach: batches.detach,
    close: batches.close,
  };
}

function itemRefusal(key: string, { diagnostics }: Failure): Failure {
  const reason = `this model cannot take the item ${JSON.stringify(key)}, which was written: ${diagnostics[0]!.message}`;
  const advice = 'write the item again on a server of the earlier model, or start with another log: `--items`';
  return failure('items-closed', { reason, advice });
}

/**
 * Returns what each write of a request does. An item that is deleted must be there.
 * @param changedKeys by key, true if the item exists after the earlier writes of the batch
 */
function outcomesOf(
  request: WriteRequest<ItemWrite>,
  versions: readonly ItemWrites[],
  changedKeys: Map<string, boolean>,
): readonly WriteOutcome[] | RequestError {
  const isThere = (key: string): boolean => versions.some(({ snapshot }) => snapshot.itemRow(key) >= 0);
  // Changes of a request affect others only if it is accepted.
  const ownKeys = new Map<string, boolean>();
  const errorDetails: ErrorDetail[] = [];
  const outcomes = request.writes.map((write, index): WriteOutcome => {
    const { key } = write;
    const existedBefore = ownKeys.get(key) ?? changedKeys.get(key) ?? isThere(key);
    ownKeys.set(key, !('deleted' in write));
    if (!('deleted' in write)) return existedBefore ? 'changed' : 'added';
    const facts = { what: 'item', name: key, advice: 'give the key of an item that is there' };
    const position = request.isArray ? pointer(index, 'key') : '';
    if (!existedBefore) errorDetails.push(errorDetailOf(diagnose('unknown-name', undefined, facts), position));
    return 'deleted';
  });
  if (errorDetails.length > 0) return badRequest(errorDetails, 404);
  for (const [key, exists] of ownKeys) changedKeys.set(key, exists);
  return outcomes;
}
