/** Sends the rows of shared tables between workers: rows to the workers that read them, gradients back, and all rows to the first worker. */
import { invariant } from '../../base/diagnostics/diagnostic.ts';
import type { StoredNumbers } from '../../base/storage/tensor_header.ts';
import type { WorkerGroup } from '../../engines/group.ts';
import { type RemoteTable, sharedIn, type Table, type TableWire } from '../embedding/table.ts';
import type { RowGradients } from '../embedding/table_lookup.ts';
import type { Tables } from '../embedding/tables.ts';
import type { Feeder } from '../feed/feeder.ts';
import { giveOrder, receiveFirst, type WorkerOrder } from './talk.ts';

/** Connects a worker to the others. Between steps the first worker orders the rows that it needs, and the others respond with `answerOrder`. */
export function makeTableWire(group: WorkerGroup): TableWire {
  const { rank, workers } = group;
  return {
    ...{ rank, workers },
    async fetch(tables) {
      await giveOrder(group, { do: 'fetch', tables: tables.map(({ name }) => name) });
      await fetchRows(tables, group);
    },
    async pieces(table, slot, first, rows, ownNumbers) {
      await giveOrder(group, { do: 'pieces', table, slot: slot ?? null, first, rows });
      const piecesOfWorkers = await group.exchange(viewBytes(ownNumbers));
      return piecesOfWorkers.map((bytes) => numbersLike(ownNumbers, bytes));
    },
  };
}

/** Carries out an order about rows, in a worker other than the first. */
export async function answerOrder(order: WorkerOrder, tables: Tables, group: WorkerGroup): Promise<void> {
  if (order.do === 'fetch') {
    const requestedTables = sharedIn(tables).filter(({ name }) => order.tables.includes(name));
    for (const { remote } of requestedTables) remote.startCollecting();
    return fetchRows(requestedTables, group);
  }
  invariant(order.do === 'pieces', `an order about rows is not to ${order.do}`);
  const { table, slot, first, rows } = order;
  await group.exchange(viewBytes(tables.get(table)!.remote!.readPiece(slot ?? undefined, first, rows)));
}

/** Fetches the rows that look-ups have collected: sends their numbers to the owners, and gets the rows back. */
export async function fetchRows(tables: readonly RemoteTable[], group: WorkerGroup): Promise<void> {
  const requestedRows = tables.map(({ remote }) => remote.neededRows());
  const toOwners = ranksOf(group).map((owner) => packArrays(requestedRows.map((byOwner) => byOwner[owner]!)));
  const requestsOfWorkers = await group.allToAll(toOwners);
  const answers = requestsOfWorkers.map((bytes) => {
    const rows = unpackArrays(bytes);
    return packArrays(tables.map(({ remote }, index) => remote.readRows(rows[index] as Int32Array)));
  });
  const receivedRows = (await group.allToAll(answers)).map(unpackArrays);
  tables.forEach(({ remote }, index) => {
    remote.receiveRows(receivedRows.map((arraysOfOwner) => arraysOfOwner[index] as Float32Array));
  });
}

/**
 * Sends gradients of rows to their owners, which add them up in the order of ranks. @param numbers sent by each worker to all @returns the numbers of each worker
 */
export async function sendGradients(
  trainedTables: readonly Table[],
  group: WorkerGroup,
  numbers: readonly number[],
  doneWords: string,
): Promise<readonly (readonly number[])[]> {
  const drainedGradients = trainedTables.map((table) => table.remote!.drain());
  // By these numbers, the owners of a table's rows know whether the table learns in this step.
  const rows = drainedGradients.map((byOwner) => byOwner.reduce((sum, { codes }) => sum + codes.length, 0));
  const ownNumbers = [...numbers, ...rows];
  const toOwners = ranksOf(group).map((owner) =>
    packStep({ numbers: ownNumbers, gradients: drainedGradients.map((byOwner) => byOwner[owner]!) }),
  );
  const messages = (await group.allToAll(toOwners, { done: doneWords })).map(unpackStep);
  trainedTables.forEach((table, index) => {
    for (const { gradients } of messages) if (gradients[index]!.codes.length > 0) table.add(gradients[index]!);
    if (messages.some((message) => message.numbers[numbers.length + index]! > 0)) table.remote!.noteUpdate();
  });
  return messages.map((message) => message.numbers.slice(0, numbers.length));
}

const ranksOf = ({ workers }: WorkerGroup): readonly number[] => Array.from({ length: workers }, (_, rank) => rank);

const viewBytes = ({ buffer, byteOffset, byteLength }: StoredNumbers): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function numbersLike(ownNumbers: StoredNumbers, bytes: Uint8Array): StoredNumbers {
  const { buffer } = bytes.slice();
  return ownNumbers instanceof Int32Array ? new Int32Array(buffer) : new Float32Array(buffer);
}

/** The data that a worker sends after a step. */
interface StepMessage {
  readonly numbers: readonly number[];
  /** By table, in the order of the plan. */
  readonly gradients: readonly RowGradients[];
}

export const packStep = ({ numbers, gradients }: StepMessage): Uint8Array =>
  packArrays([Float64Array.from(numbers), ...gradients.flatMap(({ codes, sums }) => [codes, sums])]);

export function unpackStep(bytes: Uint8Array): StepMessage {
  const [numbers, ...arrays] = unpackArrays(bytes);
  const gradients = Array.from({ length: arrays.length / 2 }, (_, table) => ({
    codes: arrays[2 * table] as Int32Array,
    sums: arrays[2 * table + 1] as Float32Array,
  }));
  return { numbers: [...numbers!], gradients };
}

type WireNumbers = Int32Array | Float32Array | Float64Array;
const wireTypes = [Int32Array, Float32Array, Float64Array] as const;

const alignTo8 = (bytes: number): number => 8 * Math.ceil(bytes / 8);

/** Packs arrays: their number, the type and the length of each, then their numbers, each array at a multiple of 8 bytes. */
function packArrays(arrays: readonly WireNumbers[]): Uint8Array {
  const typesAndLengths = arrays.flatMap((array) => [
    wireTypes.findIndex((type) => array instanceof type),
    array.length,
  ]);
  const allArrays = [Int32Array.of(arrays.length, ...typesAndLengths), ...arrays];
  const bytes = new Uint8Array(allArrays.reduce((sum, { byteLength }) => sum + alignTo8(byteLength), 0));
  let offset = 0;
  for (const array of allArrays) {
    bytes.set(viewBytes(array), offset);
    offset += alignTo8(array.byteLength);
  }
  return bytes;
}

function unpackArrays(bytes: Uint8Array): readonly WireNumbers[] {
  // Copies, because the views need an address that is a multiple of 8.
  const { buffer } = bytes.slice();
  const [count] = new Int32Array(buffer, 0, 1);
  const typesAndLengths = new Int32Array(buffer, 4, 2 * count!);
  let offset = alignTo8(4 + typesAndLengths.byteLength);
  return Array.from({ length: count! }, (_, array) => {
    const view = new wireTypes[typesAndLengths[2 * array]!]!(buffer, offset, typesAndLengths[2 * array + 1]!);
    offset += alignTo8(view.byteLength);
    return view;
  });
}

/**
 * Sends what a step reads as it was when its epoch began, if workers share the rows of tables: the first worker computes it, because it can fetch any row. The
 * others supply rows until it sends the result.
 */
export async function sendEpochStart(feeder: Feeder, group: WorkerGroup): Promise<void> {
  const arrays = arraysOf(feeder);
  if (arrays.length === 0) return;
  await giveOrder(group, { do: 'begun' });
  await group.exchange(packArrays(arrays));
}

export async function receiveEpochStart(
  feeder: Feeder,
  tables: ReadonlyMap<string, Table>,
  group: WorkerGroup,
): Promise<void> {
  const ownArrays = arraysOf(feeder);
  if (ownArrays.length === 0) return;
  for (;;) {
    const order = await receiveFirst<WorkerOrder>(group);
    if (order.do === 'begun') break;
    await answerOrder(order, tables, group);
  }
  const [first] = await group.exchange(new Uint8Array(0));
  unpackArrays(first!).forEach((array, index) => {
    ownArrays[index]!.set(array);
  });
}

const arraysOf = ({ mined }: Feeder): readonly Int32Array[] =>
  mined.flatMap((source) => Object.values(source.state()) as Int32Array[]);
