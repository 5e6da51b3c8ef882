import { invariant } from '../../../base/diagnostics/diagnostic.ts';
import { drawNormal, makeRandom } from '../../../base/random/random.ts';
import { reuseIntegers } from '../../../base/util/objects.ts';
import { type Tensor, tensorOf } from '../../../graph/graph.ts';
import { KernelSpace, type Region } from '../../embedding/kernel_memory.ts';
import { makeIdentity } from '../distinct_items.ts';
import { type MakeSource, trainingOf } from '../input_source.ts';

/** int32 [batch, 2] */
export const places: MakeSource<'places'> = () => {
  const integers = reuseIntegers();
  return {
    fill({ distinct }) {
      invariant(distinct, 'places are among distinct rows');
      const rowCount = distinct.places.length;
      const data = integers(2 * rowCount);
      for (let i = 0; i < rowCount; i++) {
        data[2 * i] = i;
        data[2 * i + 1] = distinct.places[i]!;
      }
      return tensorOf(data, rowCount, 2);
    },
  };
};

/** float32 [distinct] */
export const counts: MakeSource<'counts'> = () => ({
  fill({ distinct }) {
    invariant(distinct, 'counts are of distinct rows');
    return tensorOf(distinct.counts);
  },
});

/** int32 [batch], or [part] */
export const newest: MakeSource<'newest'> = ({ rows }) => ({
  fill(batch) {
    const sequences = rows === undefined ? batch.sequences : batch.partOf(rows).sequences;
    invariant(sequences, 'the newest elements are those of sequences');
    return tensorOf(sequences.positions);
  },
});

/** int32 [part] */
export const partPlaces: MakeSource<'part_places'> = ({ rows }) => ({
  fill: (batch) => tensorOf(batch.partOf(rows).positions),
});

/** float32 [part] */
export const partKnown: MakeSource<'part_known'> = ({ rows }) => ({
  fill: (batch) => tensorOf(batch.partOf(rows).known),
});

const scalar = (value: number): Tensor => ({ dtype: 'float32', shape: [], data: Float32Array.of(value) });

/** float32 []: the dense optimizer's learning rate after its schedule */
export const rate: MakeSource<'rate'> = ({ own }) => ({
  fill: ({ rate, factor }) => scalar(own === undefined ? rate : own * factor),
});

/** float32 []: the step's number, from 1 */
export const step: MakeSource<'step'> = () => ({ fill: (batch) => scalar(batch.step) });

/**
 * float32 [rows, width], uniform in [0, 1). The numbers depend only on the seed, the input's name and the step. Number i is drawn from the key and i, so each
 * of several workers draws the numbers that its rows have in the whole batch.
 */
export const noise: MakeSource<'noise'> = (source, context, input) =>
  source.normal ? normalNoise(source, context, input) : uniformNoise(source, context, input);

/** Draws for each row by its index in the batch, so that several workers draw what one would. */
const normalNoise: MakeSource<'noise'> = ({ width, rows: noiseRows = { kind: 'events' } }, { seed }, { name }) => {
  const noiseStream = makeRandom(seed, ...Buffer.from(name)).integer(2 ** 32);
  return {
    fill({ rowsOf, step, indexInBatch }) {
      const rowCount = rowsOf(noiseRows).length;
      const indexOf = indexInBatch?.(noiseRows) ?? ((row: number) => row);
      const data = new Float32Array(rowCount * width);
      for (let row = 0; row < rowCount; row++) {
        const random = makeRandom(noiseStream, step, indexOf(row));
        for (let index = row * width; index < (row + 1) * width; index++) data[index] = drawNormal(random, 1);
      }
      return tensorOf(data, rowCount, width);
    },
  };
};

const uniformNoise: MakeSource<'noise'> = ({ width, rows: noiseRows = { kind: 'events' } }, { seed }, { name }) => {
  const space = new KernelSpace();
  const noiseStream = makeRandom(seed, ...Buffer.from(name)).integer(2 ** 32);
  let region: Region | undefined;
  return {
    fill({ rowsOf, step, indexInBatch }) {
      const rows = rowsOf(noiseRows);
      const numberCount = rows.length * width;
      region = space.enlarge(region, numberCount * 4);
      const random = makeRandom(noiseStream, step);
      const [key1, key2] = [random.integer(2 ** 32), random.integer(2 ** 32)];
      const indexOf = indexInBatch?.(noiseRows);
      const drawNoise = (row: number, length: number, index: number): void =>
        space.kernels.uniform(region!.pointer + 4 * row * width, length, key1 + index * width, key2, 0, 1);
      if (!indexOf) drawNoise(0, numberCount, 0);
      else for (let row = 0; row < rows.length; row++) drawNoise(row, width, indexOf(row));
      return tensorOf(space.floats(region, numberCount), rows.length, width);
    },
  };
};

/** float32 [count, width]; after the step, the queue takes the vectors of the batch */
export const queueVectors: MakeSource<'queue_vectors'> = ({ rows }, context, { name }) => {
  const { count, width, task, key } = rows;
  const { events, corpus, queue: queueOf } = trainingOf(context);
  const queue = queueOf(rows);
  const identity = makeIdentity(events, corpus, key);
  return {
    fill: () => tensorOf(queue.vectors, count, width),
    afterStep(batch, outputs) {
      const vectors = outputs[`queue:${task}`];
      invariant(vectors?.data instanceof Float32Array, `the step gives no vectors for the queue of ${task}`);
      queue.push(batch.rows, identity, vectors.data);
    },
    state: () => Object.fromEntries(Object.entries(queue.state()).map(([part, view]) => [`${name}/${part}`, view])),
  };
};

/** float32 [count] */
export const queueEmpty: MakeSource<'queue_empty'> = ({ rows }, context) => {
  const queue = trainingOf(context).queue(rows);
  return { fill: ({ step }) => tensorOf(queue.emptyFlagsAt(step)) };
};
