/** A table whose rows two workers share: what it gathers, learns and keeps has the bits of one table. */
import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../../src/base/random/random.ts';
import { isChunked, type Numbers, type StoredNumbers } from '../../../src/base/storage/tensor_header.ts';
import { rowOptimizers } from '../../../src/training/embedding/optimizer.ts';
import { makeTable, type TableWire } from '../../../src/training/embedding/table.ts';
import type { TableLookupKind } from '../../../src/training/embedding/table_lookup.ts';
import type { TableOptions } from '../../../src/training/embedding/table_memory.ts';
import { makeShardedTable, type ShardedTable } from '../../../src/training/embedding/tables.ts';
import { optimizerPlan } from './fixtures.ts';

const kinds = Object.keys(rowOptimizers) as (keyof typeof rowOptimizers)[];
const workers = 3;

/** Workers in this process: what one sends the others get by a call. */
function makeAll(options: TableOptions): readonly ShardedTable[] {
  const tables: ShardedTable[] = [];
  const wireOf = (rank: number): TableWire => ({
    ...{ rank, workers },
    fetch: async () => {},
    pieces: async (_, slot, first, rows) => tables.map(({ remote }) => remote.readPiece(slot, first, rows)),
  });
  for (let rank = 0; rank < workers; rank++) tables.push(makeShardedTable(options, wireOf(rank)));
  for (const table of tables) table.initialize(7, 0.5);
  return tables;
}

async function all(numbers: Numbers): Promise<StoredNumbers> {
  if (!isChunked(numbers)) return numbers.slice();
  const into = numbers.kind === 'I32' ? new Int32Array(numbers.length) : new Float32Array(numbers.length);
  await (numbers.readAsync ? numbers.readAsync(0, into) : numbers.read(0, into));
  return into;
}

/** Look-ups of one worker in a step: bags of codes. */
interface Asked {
  readonly kind: TableLookupKind;
  readonly bags: readonly (readonly number[])[];
}

function look(table: Pick<ShardedTable, 'lookup'>, asked: readonly Asked[]) {
  const lookups = asked.map(({ kind, bags }) => ({ lookup: table.lookup({ kind, length: 4 }), bags, kind }));
  const fill = () => {
    for (const { lookup, bags } of lookups) lookup.reserve(bags.length, bags.flat().length);
    return lookups.map(({ lookup, bags, kind }) => {
      lookup.codes().set(bags.flat());
      if (kind !== 'one') {
        let end = 0;
        lookup.offsets().set([0, ...bags.map(({ length }) => (end += length))]);
      }
      return lookup.gather(bags.length);
    });
  };
  return {
    fill,
    learn(gathered: readonly Float32Array[]) {
      for (const [at, { lookup }] of lookups.entries()) lookup.accumulate(gathered[at]!.map((x) => 0.1 * x + 0.01));
    },
  };
}

describe.each(kinds)('%s', (kind) => {
  it.each(['float32', 'bf16'] as const)('in %s: the bits of one table', async (precision) => {
    const options: TableOptions = {
      ...{ name: 'made', rows: 100, dim: 8, optimizer: optimizerPlan(kind) },
      ...(precision === 'bf16' ? { precision } : {}),
    };
    const one = makeTable(options);
    one.initialize(7, 0.5);
    const shared = makeAll(options);
    expect(await all(shared[0]!.numbers())).toEqual(await all(one.numbers()));
    const random = makeRandom(3);
    for (let step = 0; step < 4; step++) {
      const batches = shared.map((): Asked[] =>
        (['one', 'mean', 'sequence'] as const).map((kind) => ({
          kind,
          // In the last step only rows of the second worker are read.
          bags: Array.from({ length: 6 }, () =>
            Array.from({ length: kind === 'one' ? 1 : random.integer(4) }, () =>
              step === 3 ? 1 : random.integer(100),
            ),
          ),
        })),
      );
      // One table adds up what the workers send, in the order of ranks.
      const gradients = batches.map((asked) => {
        const { fill, learn } = look(one, asked);
        const gathered = fill().map((values) => values.slice());
        learn(gathered);
        return { gathered, sums: one.drain() };
      });
      for (const { sums } of gradients) if (sums.codes.length > 0) one.add(sums);
      one.update();

      const looking = shared.map((table, rank) => look(table, batches[rank]!));
      shared.forEach(({ remote }, rank) => {
        remote.startCollecting();
        looking[rank]!.fill();
      });
      const asked = shared.map(({ remote }) => remote.neededRows());
      const given = asked.map((byOwner) => byOwner.map((rows, owner) => shared[owner]!.remote.readRows(rows)));
      shared.forEach(({ remote }, rank) => {
        remote.receiveRows(given[rank]!);
      });
      const sent = shared.map(({ remote }, rank) => {
        const gathered = looking[rank]!.fill().map((values) => values.slice());
        expect(gathered).toEqual(gradients[rank]!.gathered);
        looking[rank]!.learn(gathered);
        return remote.drain();
      });
      shared.forEach((table, owner) => {
        for (const byOwner of sent) if (byOwner[owner]!.codes.length > 0) table.add(byOwner[owner]!);
        table.remote.noteUpdate();
        table.update();
      });
      for (const table of shared) expect(await all(table.numbers())).toEqual(await all(one.numbers()));
      for (const [slot, numbers] of Object.entries(one.stateNumbers())) {
        for (const table of shared) expect(await all(table.stateNumbers()[slot]!), slot).toEqual(await all(numbers));
      }
    }
    // What was read back is taken up by any number of workers.
    const others = makeAll(options);
    const values = await all(one.numbers());
    for (const table of others) (table.numbers() as Extract<Numbers, { kind: unknown }>).write(0, values);
    expect(await all(others[1]!.numbers())).toEqual(values);
  });
});

it('a worker holds its part of the rows alone', () => {
  const options = { name: 'made', rows: 30_000, dim: 16, optimizer: optimizerPlan('adam') };
  const whole = makeTable(options).bytes;
  for (const { bytes } of makeAll(options)) expect(bytes).toBeLessThanOrEqual(whole / workers + 300);
});
