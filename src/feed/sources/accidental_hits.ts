/** Columns of a row's scores that are the row's own positive again, and so are no negatives of it. */
import { invariant } from '../../diagnostics/failure.ts';
import type { Tensor } from '../../graph/graph.ts';
import { makeIdentity } from '../identity.ts';
import type { MakeSource } from '../source.ts';

/**
 * int32 [hits, 2] of (row, column), by row, then column. Rows of the events: column ≠ row of the batch with the same item.
 * Sampled rows: the place among the row's own `perRow` negatives.
 */
export const accidentalHits: MakeSource<'accidental_hits'> = ({ rows: rowsOf, key }, { training }) => {
  invariant(training, 'accidental hits are of training rows');
  const identity = makeIdentity(training.events, training.corpus, key);
  const pairs = makePairs();
  if (rowsOf.kind === 'sampled') {
    return {
      fill(batch) {
        const negatives = batch.rowsOf(rowsOf);
        pairs.clear();
        for (let i = 0, at = 0; i < batch.rows.length; i++) {
          const own = identity(batch.rows[i]!);
          for (let column = 0; column < rowsOf.perRow; column++) if (negatives[at++] === own) pairs.add(i, column);
        }
        return pairs.tensor();
      },
    };
  }
  const groups = makeGroups();
  return {
    fill({ rows }) {
      pairs.clear();
      const { heads, next } = groups.of(rows, identity);
      for (let i = 0; i < rows.length; i++) {
        for (let column = heads[i]!; column >= 0; column = next[column]!) if (column !== i) pairs.add(i, column);
      }
      return pairs.tensor();
    },
  };
};

/** Rows of a batch with the same item, chained in ascending order: `heads[i]` begins the chain that row i is in. */
function makeGroups() {
  let keys = new Int32Array(0);
  let firsts = new Int32Array(0);
  let heads = new Int32Array(0);
  let next = new Int32Array(0);
  let places = new Int32Array(0);
  return {
    of(rows: Int32Array, identity: (row: number) => number): { heads: Int32Array; next: Int32Array } {
      const size = 2 ** Math.ceil(Math.log2(2 * rows.length + 2));
      if (keys.length !== size) {
        keys = new Int32Array(size);
        firsts = new Int32Array(size);
      }
      if (heads.length < rows.length) {
        heads = new Int32Array(rows.length);
        next = new Int32Array(rows.length);
        places = new Int32Array(rows.length);
      }
      firsts.fill(-1);
      for (let i = rows.length - 1; i >= 0; i--) {
        const key = identity(rows[i]!);
        places[i] = -1;
        next[i] = -1;
        if (key < 0) continue;
        let place = (Math.imul(key, 0x9e3779b1) >>> 0) & (size - 1);
        while (firsts[place]! >= 0 && keys[place] !== key) place = (place + 1) & (size - 1);
        keys[place] = key;
        next[i] = firsts[place]!;
        firsts[place] = i;
        places[i] = place;
      }
      for (let i = 0; i < rows.length; i++) heads[i] = places[i]! < 0 ? -1 : firsts[places[i]!]!;
      return { heads, next };
    },
  };
}

function makePairs() {
  let data = new Int32Array(1024);
  let length = 0;
  return {
    clear(): void {
      length = 0;
    },
    add(row: number, column: number): void {
      if (length === data.length) {
        const larger = new Int32Array(2 * length);
        larger.set(data);
        data = larger;
      }
      data[length++] = row;
      data[length++] = column;
    },
    tensor: (): Tensor => ({ dtype: 'int32', shape: [length / 2, 2], data: data.subarray(0, length) }),
  };
}
