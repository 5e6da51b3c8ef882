/** A group of workers through torch.distributed, in the process that runs their graphs. */
import type { Meeting, WorkerGroup } from '../group.ts';
import { layout } from './shared_memory.ts';
import type { TorchWorker } from './worker.ts';

/** The process gives up first, and says why. */
const grace = 30;

/** @throws Failure `workers-not-met` where not all workers come in time */
export async function joinGroup(worker: TorchWorker, device: string, meeting: Meeting): Promise<WorkerGroup> {
  const { rank, workers, meet, meetSeconds, seconds, patientSeconds, lost } = meeting;
  const stop = (): void => worker.stop(lost!.reason);
  if (lost?.aborted) throw lost.reason;
  lost?.addEventListener('abort', stop, { once: true });
  const { memory } = worker;
  const backend = device === 'cpu' ? 'gloo' : 'cpu:gloo,cuda:nccl';
  const asked = { do: 'join', backend, rank, workers, meet, meetSeconds, seconds, patientSeconds };
  worker.rank = rank;
  const { machines } = (await worker.exclusively((ask) => ask(asked, meetSeconds + grace))) as {
    readonly machines: readonly string[];
  };
  /** Reads what the process has put side by side. */
  const takeEach = (lengths: readonly number[], from: number): readonly Uint8Array[] => {
    let at = from;
    return lengths.map((length) => {
      const { data } = memory.take('bool', [length], at);
      at += length;
      return data as Uint8Array;
    });
  };
  return {
    rank,
    workers,
    machines,
    note: async (doing) => {
      await worker.exclusively((ask) => ask({ do: 'note', doing }));
    },
    leave: (reason) => worker.exclusively((ask) => ask({ do: 'leave', reason }, grace)).then(nothing, nothing),
    exchange: (bytes, { isPatient = false, done } = {}) =>
      worker.exclusively(async (ask) => {
        const limit = (isPatient ? patientSeconds : seconds) + grace;
        const { lengths } = (await ask({ do: 'lengths', bytes: bytes.length, patient: isPatient }, limit)) as {
          readonly lengths: readonly number[];
        };
        const sent = layout([bytes.length]);
        const received = layout([lengths.reduce((sum, length) => sum + length, 0)], sent.end);
        memory.reserve(received.end);
        memory.put(tensorOf(bytes), sent.places[0]!);
        const { places } = received;
        await ask({ do: 'exchange', lengths, from: sent.places[0], into: places[0], what: done }, seconds + grace);
        return takeEach(lengths, places[0]!);
      }),
    allToAll: (parts, { done } = {}) =>
      worker.exclusively(async (ask) => {
        const mine = parts.map(({ length }) => length);
        const answer = await ask({ do: 'lengthsEach', lengths: mine }, seconds + grace);
        const { lengths } = answer as { readonly lengths: readonly number[] };
        const sum = (all: readonly number[]): number => all.reduce((total, each) => total + each, 0);
        const { places, end } = layout([sum(mine), sum(lengths)]);
        memory.reserve(end);
        let at = places[0]!;
        for (const part of parts) {
          memory.put(tensorOf(part), at);
          at += part.length;
        }
        const [from, into] = places;
        await ask({ do: 'allToAll', mine, lengths, from, into, what: done }, seconds + grace);
        return takeEach(lengths, into!);
      }),
  };
}

const nothing = (): void => {};

const tensorOf = (data: Uint8Array) => ({ dtype: 'bool', shape: [data.length], data }) as const;
