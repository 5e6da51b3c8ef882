/** Rows of tables that workers share, between the workers: to those that read them, gradients back, and all of them to the first worker. */
import { invariant } from '../../base/diagnostics/failure.ts';
import type { StoredNumbers } from '../../base/storage/tensor_header.ts';
import type { WorkerGroup } from '../../engines/group.ts';
import type { RemoteTable, Table, TableWire } from '../embedding/table.ts';
import type { RowGradients } from '../embedding/table_lookup.ts';
import type { Tables } from '../embedding/tables.ts';
import type { Mined } from '../feed/sampler.ts';
import { giveOrder, receiveOrder, type WorkerOrder } from './talk.ts';

/** The first worker says when it needs rows between steps; the others answer with `answerOrder`. */
export function makeTableWire(group: WorkerGroup): TableWire {
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
export async function answerOrder(order: WorkerOrder, tables: Tables, group: WorkerGroup): Promise<void> {
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
export async function fetchRows(tables: readonly RemoteTable[], group: WorkerGroup): Promise<void> {
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
  group: WorkerGroup,
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

const ranksOf = ({ workers }: WorkerGroup): readonly number[] => Array.from({ length: workers }, (_, rank) => rank);

const bytesOf = ({ buffer, byteOffset, byteLength }: StoredNumbers): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function numbersLike(own: StoredNumbers, bytes: Uint8Array): StoredNumbers {
  const { buffer } = bytes.slice();
  return own instanceof Int32Array ? new Int32Array(buffer) : new Float32Array(buffer);
}

/** Packs as bytes what a worker sends to all others after a step: numbers, and gradients of rows of tables. */
interface StepMessage {
  readonly numbers: readonly number[];
  /** By table, in the order of the plan. */
  readonly gradients: readonly RowGradients[];
}

/** [numbers], then for each table [codes, floats] as lengths; then all of them end to end. */
export function packed({ numbers, gradients }: StepMessage): Uint8Array {
  const arrayLengths = [numbers.length, ...gradients.flatMap(({ codes, sums }) => [codes.length, sums.length])];
  const floatCount = gradients.reduce((sum, { codes, sums }) => sum + codes.length + sums.length, 0);
  const bytes = new Uint8Array(8 * numbers.length + 4 * (arrayLengths.length + floatCount));
  new Float64Array(bytes.buffer, 0, numbers.length).set(numbers);
  let at = 8 * numbers.length;
  const put = (values: Int32Array | Float32Array): void => {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  };
  put(Int32Array.from(arrayLengths));
  for (const { codes, sums } of gradients) {
    put(codes);
    put(sums);
  }
  return bytes;
}

/** @param numbers how many there are; @param tables how many there are */
export function unpacked(bytes: Uint8Array, numbers: number, tables: number): StepMessage {
  // The views need an address that is a multiple of 8.
  const { buffer } = bytes.slice();
  let at = 8 * numbers;
  const arrayLengths = new Int32Array(buffer, at, 1 + 2 * tables);
  at += arrayLengths.byteLength;
  const rowGradients: RowGradients[] = [];
  for (let table = 0; table < tables; table++) {
    const codes = new Int32Array(buffer, at, arrayLengths[1 + 2 * table]!);
    at += codes.byteLength;
    const sums = new Float32Array(buffer, at, arrayLengths[2 + 2 * table]!);
    at += sums.byteLength;
    rowGradients.push({ codes, sums });
  }
  return { numbers: [...new Float64Array(buffer, 0, numbers)], gradients: rowGradients };
}

/** Arrays of numbers as bytes, one after the other: what workers send each other. */
type WireNumbers = Int32Array | Float32Array;

/** The lengths, then all numbers, 4 bytes each. */
function packArrays(arrays: readonly WireNumbers[]): Uint8Array {
  const total = arrays.reduce((sum, { length }) => sum + length, arrays.length);
  const bytes = new Uint8Array(4 * total);
  bytes.set(bytesOf(Int32Array.from(arrays, ({ length }) => length)));
  let at = 4 * arrays.length;
  for (const array of arrays) {
    bytes.set(bytesOf(array), at);
    at += array.byteLength;
  }
  return bytes;
}

function unpackArrays<T extends WireNumbers>(
  bytes: Uint8Array,
  makes: readonly (new (buffer: ArrayBuffer, at: number, length: number) => T)[],
): readonly T[] {
  // The views need an address that is a multiple of 4.
  const { buffer } = bytes.slice();
  const arrayLengths = new Int32Array(buffer, 0, makes.length);
  let at = 4 * makes.length;
  return makes.map((make, i) => {
    const view = new make(buffer, at, arrayLengths[i]!);
    at += view.byteLength;
    return view;
  });
}

/**
 * Mined negatives where workers share the rows of tables: the first worker mines, since it can ask for any row. The others give rows
 * until it sends what it has found.
 */
export async function sendMined(mined: readonly Mined[], group: WorkerGroup): Promise<void> {
  if (mined.length === 0) return;
  await giveOrder(group, { do: 'mined' });
  await group.exchange(packArrays(arraysOf(mined)));
}

export async function takeMined(
  mined: readonly Mined[],
  tables: ReadonlyMap<string, Table>,
  group: WorkerGroup,
): Promise<void> {
  if (mined.length === 0) return;
  for (;;) {
    const order = await receiveOrder(group);
    if (order.do === 'mined') break;
    await answerOrder(order, tables, group);
  }
  const [first] = await group.exchange(new Uint8Array(0));
  const ownArrays = arraysOf(mined);
  unpackArrays(
    first!,
    ownArrays.map(() => Int32Array),
  ).forEach((array, at) => {
    ownArrays[at]!.set(array);
  });
}

const arraysOf = (mined: readonly Mined[]): readonly Int32Array[] =>
  mined.flatMap((each) => Object.values(each.state()) as Int32Array[]);
