/** Rows of tables that workers share, between the workers: to those that read them, gradients back, and all of them to the first worker. */
import { invariant } from '../../base/diagnostics/failure.ts';
import type { StoredNumbers } from '../../base/storage/tensor_header.ts';
import type { Group } from '../../engines/group.ts';
import type { RemoteTable, TableWire } from '../embedding/remote.ts';
import type { Table } from '../embedding/table.ts';
import type { Tables } from '../embedding/tables.ts';
import { packed, unpacked } from './message.ts';
import { packArrays, unpackArrays } from './packed.ts';
import { giveOrder, type WorkerOrder } from './talk.ts';

/** The first worker says when it needs rows between steps; the others answer with `answerOrder`. */
export function makeTableWire(group: Group): TableWire {
  const { rank, workers } = group;
  return {
    ...{ rank, workers },
    async fetch(tables) {
      await giveOrder(group, { do: 'fetch', tables: tables.map(({ name }) => name) });
      await fetchRows(tables, group);
    },
    async pieces(table, slot, first, rows, own) {
      await giveOrder(group, { do: 'pieces', table, slot: slot ?? null, first, rows });
      const piecesOfWorkers = await group.exchange(bytesOf(own));
      return piecesOfWorkers.map((bytes) => numbersLike(own, bytes));
    },
  };
}

/** Answers an order about rows, in another worker than the first. */
export async function answerOrder(order: WorkerOrder, tables: Tables, group: Group): Promise<void> {
  if (order.do === 'fetch') {
    const requestedTables = sharedIn(tables).filter(({ name }) => order.tables.includes(name));
    for (const { remote } of requestedTables) remote.ask();
    return fetchRows(requestedTables, group);
  }
  invariant(order.do === 'pieces', `an order about rows is not to ${order.do}`);
  const { table, slot, first, rows } = order;
  await group.exchange(bytesOf(tables.get(table)!.remote!.piece(slot ?? undefined, first, rows)));
}

export const sharedIn = (tables: Tables): readonly RemoteTable[] =>
  [...tables.values()].flatMap(({ name, dim, remote }) => (remote ? [{ name, dim, remote }] : []));

/** Brings the rows that look-ups have named: numbers of rows to their owners, and rows back. */
export async function fetchRows(tables: readonly RemoteTable[], group: Group): Promise<void> {
  const requestedRows = tables.map(({ remote }) => remote.asked());
  const toOwners = ranksOf(group).map((owner) => packArrays(requestedRows.map((byOwner) => byOwner[owner]!)));
  const requestsOfWorkers = await group.allToAll(toOwners);
  const answers = requestsOfWorkers.map((bytes) => {
    const rows = unpackArrays(
      bytes,
      tables.map(() => Int32Array),
    );
    return packArrays(tables.map(({ remote }, at) => remote.give(rows[at]!)));
  });
  const receivedRows = (await group.allToAll(answers)).map((bytes) =>
    unpackArrays(
      bytes,
      tables.map(() => Float32Array),
    ),
  );
  tables.forEach(({ remote }, at) => {
    remote.take(receivedRows.map((ofOwner) => ofOwner[at]!));
  });
}

/**
 * Sends gradients of rows to their owners, who add them up in the order of ranks.
 * @param numbers that each worker says to all
 * @returns the numbers of each worker
 */
export async function sendGradients(
  trained: readonly Table[],
  group: Group,
  numbers: readonly number[],
  done: string,
): Promise<readonly (readonly number[])[]> {
  const drainedGradients = trained.map((table) => table.remote!.drain());
  // Whether a table learns in this step is known to the owners of all its rows.
  const rows = drainedGradients.map((byOwner) => byOwner.reduce((sum, { codes }) => sum + codes.length, 0));
  const ownNumbers = [...numbers, ...rows];
  const toOwners = ranksOf(group).map((owner) =>
    packed({ numbers: ownNumbers, gradients: drainedGradients.map((byOwner) => byOwner[owner]!) }),
  );
  const messages = (await group.allToAll(toOwners, { done })).map((bytes) =>
    unpacked(bytes, ownNumbers.length, trained.length),
  );
  trained.forEach((table, at) => {
    for (const { gradients } of messages) if (gradients[at]!.codes.length > 0) table.add(gradients[at]!);
    if (messages.some((each) => each.numbers[numbers.length + at]! > 0)) table.remote!.learned();
  });
  return messages.map((each) => each.numbers.slice(0, numbers.length));
}

const ranksOf = ({ workers }: Group): readonly number[] => Array.from({ length: workers }, (_, rank) => rank);

const bytesOf = ({ buffer, byteOffset, byteLength }: StoredNumbers): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function numbersLike(own: StoredNumbers, bytes: Uint8Array): StoredNumbers {
  const { buffer } = bytes.slice();
  return own instanceof Int32Array ? new Int32Array(buffer) : new Float32Array(buffer);
}
