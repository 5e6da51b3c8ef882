/** Workers in one process: each has a trainer of its own, and runs graphs in plain arrays. Ops between workers wait for all of them. */
import { copyTensors } from '../../../src/engines/check.ts';
import type { Engine } from '../../../src/engines/engine.ts';
import { type WorkerGroup, WorkerLost } from '../../../src/engines/group.ts';
import { resolveShape } from '../../../src/graph/dims.ts';
import { hostDtype, sizesOfInputs } from '../../../src/graph/evaluate.ts';
import type { Tensor } from '../../../src/graph/graph.ts';
import { isLeaf, opRowOf } from '../../../src/graph/ops/table.ts';

/** A place where all workers meet: each gives a value and gets those of all, in the order of ranks. */
export interface MeetingPlace {
  meet<T>(rank: number, value: T): Promise<T[]>;
}

class Meeting implements MeetingPlace {
  private given: unknown[] = [];
  private count = 0;
  private waiting: { resolve(all: unknown[]): void; reject(error: unknown): void }[] = [];
  private ended: unknown;

  constructor(private readonly workers: number) {}

  meet<T>(rank: number, value: T): Promise<T[]> {
    if (this.ended !== undefined) return Promise.reject(this.ended);
    return new Promise((resolve, reject) => {
      this.given[rank] = value;
      this.waiting.push({ resolve: resolve as (all: unknown[]) => void, reject });
      if (++this.count < this.workers) return;
      const { given, waiting } = this;
      this.given = [];
      this.waiting = [];
      this.count = 0;
      for (const each of waiting) each.resolve(given);
    });
  }

  /** One of them is gone. */
  end(error: unknown): void {
    this.ended ??= error;
    for (const { reject } of this.waiting) reject(this.ended);
    this.waiting = [];
  }
}

export interface Worker {
  readonly group: WorkerGroup;
  readonly engine: Engine;
}

/** A worker that is killed before one of its exchanges. */
export interface Kill {
  readonly rank: number;
  readonly exchange: number;
}

export class Killed extends Error {}

export function makeWorkers(workers: number, kill?: Kill): readonly Worker[] {
  const words = new Meeting(workers);
  const values = new Meeting(workers);
  return Array.from({ length: workers }, (_, rank) => {
    let exchanges = 0;
    const end = (how: string, last: string | undefined): void => {
      for (const each of [words, values]) each.end(new WorkerLost('closed', `worker ${rank} on here ${how}`, last));
    };
    return makeWorker(rank, workers, {
      ...{ words, values },
      before(last) {
        if (kill?.rank !== rank || exchanges++ !== kill.exchange) return;
        end('is gone', last);
        throw new Killed();
      },
      leave: (reason, last) => end(`ended: ${reason}`, last),
    });
  });
}

/** How a worker reaches the others. */
export interface Reach {
  /** Of bytes between steps. */
  readonly words: MeetingPlace;
  /** Of ops between workers. */
  readonly values: MeetingPlace;
  /** Called before each exchange. @param last what all workers last did together */
  before?(last: string | undefined): void;
  leave?(reason: string, last: string | undefined): void;
}

export function makeWorker(rank: number, workers: number, { words, values, before, leave }: Reach): Worker {
  let last: string | undefined;
  return {
    group: {
      ...{ rank, workers, machines: Array.from({ length: workers }, () => 'here') },
      async exchange(bytes, about = {}) {
        before?.(last);
        const heard = await words.meet(rank, bytes.slice());
        last = about.done ?? last;
        return heard;
      },
      async allToAll(parts, about = {}) {
        before?.(last);
        const heard = await words.meet(
          rank,
          parts.map((part) => part.slice()),
        );
        last = about.done ?? last;
        return heard.map((ofWorker) => ofWorker[rank]!);
      },
      note: async () => {},
      leave: async (reason) => leave?.(reason, last),
    },
    engine: engineOf(rank, values),
  };
}

const makers = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

function engineOf(rank: number, values: MeetingPlace): Engine {
  return {
    name: 'javascript',
    version: 'plain arrays of several workers',
    async prepare(graph, parameters) {
      let held = copyTensors(parameters);
      return {
        async run(inputs) {
          const sizes = sizesOfInputs(graph, inputs);
          const known: Tensor[] = [];
          for (const { op, inputs: operands, attributes, type } of graph.nodes) {
            const shape = resolveShape(type.shape, sizes);
            const length = shape.reduce((product, each) => product * each, 1);
            const dtype = hostDtype(type.dtype);
            const data = new makers[dtype](length);
            const output = { dtype, shape, data };
            const of = operands.map((id) => known[id]!);
            if (isLeaf(op)) {
              const name = String(attributes.name);
              const from = op === 'Input' ? inputs[name]! : held[name];
              data.set(op === 'Constant' ? (attributes.values as readonly number[]) : from!.data);
            } else if (op === 'AllGather') {
              const width = length / Math.max(1, shape[0]!);
              for (const [rows, places] of await values.meet(rank, [of[0]!, of[1]!] as const)) {
                places.data.forEach((place, i) => {
                  data.set(rows.data.subarray(i * width, (i + 1) * width), place * width);
                });
              }
            } else if (op === 'AllReduce') {
              for (const each of await values.meet(rank, of[0]!.data)) {
                for (let i = 0; i < length; i++) data[i]! += each[i]!;
              }
            } else opRowOf(op).evaluate(of, output, attributes);
            known.push(output);
          }
          for (const { parameter, node } of graph.updates) held = { ...held, [parameter]: known[node]! };
          return copyTensors(Object.fromEntries(graph.outputs.map(({ name, node }) => [name, known[node]!])));
        },
        read: async () => copyTensors(held),
        async write(given) {
          held = { ...held, ...copyTensors(given) };
        },
        close: async () => {},
      };
    },
  };
}
