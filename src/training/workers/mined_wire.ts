/**
 * Mined negatives where workers share the rows of tables: the first worker mines, since it can ask for any row. The others give rows
 * until it sends what it has found.
 */
import type { Group } from '../../engines/group.ts';
import type { Table } from '../embedding/table.ts';
import type { Mined } from '../feed/mined.ts';
import { packArrays, unpackArrays } from './packed.ts';
import { answerOrder } from './table_wire.ts';
import { giveOrder, receiveOrder } from './talk.ts';

export async function sendMined(mined: readonly Mined[], group: Group): Promise<void> {
  if (mined.length === 0) return;
  await giveOrder(group, { do: 'mined' });
  await group.exchange(packArrays(arraysOf(mined)));
}

export async function takeMined(
  mined: readonly Mined[],
  tables: ReadonlyMap<string, Table>,
  group: Group,
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
