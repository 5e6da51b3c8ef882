/**
 * A profile as a Chrome trace, which chrome://tracing and Perfetto open: the sampled steps as they ran, and the runs op by op next to
 * them. Times are microseconds.
 * https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 */
import type { OpTimes } from '../../engines/op_times.ts';
import type { Graph } from '../../graph/graph.ts';
import { type BlockPosition, blockOf } from './block_of.ts';
import type { SampledStep } from './step_watch.ts';

/** `X`: something that began at `ts` and took `dur`; `M`: a name of a process or a thread. */
type TraceEvent =
  | {
      readonly ph: 'X';
      readonly name: string;
      readonly cat: string;
      readonly ts: number;
      readonly dur: number;
      readonly pid: number;
      readonly tid: number;
      readonly args: Readonly<Record<string, string | number>>;
    }
  | {
      readonly ph: 'M';
      readonly name: 'process_name' | 'thread_name';
      readonly pid: number;
      readonly tid: number;
      readonly args: { readonly name: string };
    };

export interface Trace {
  readonly displayTimeUnit: 'ms';
  readonly traceEvents: readonly TraceEvent[];
}

export interface TraceOptions {
  readonly graph: Graph;
  readonly towers: readonly string[];
  readonly places: ReadonlyMap<string, BlockPosition>;
  readonly engine: string;
  readonly steps: readonly SampledStep[];
  readonly runs: OpTimes['runs'];
}

const [training, apart] = [1, 2];
/** Milliseconds between two runs, so that they can be distinguished. */
const gap = 1;

export function traceOf({ graph, towers, places, engine, steps, runs }: TraceOptions): Trace {
  const traceEvents: TraceEvent[] = [
    named('process_name', training, 0, 'training, sampled steps'),
    named('thread_name', training, 1, 'steps'),
    named('thread_name', training, 2, 'host and engine'),
  ];
  for (const { step, start, milliseconds, parts } of steps) {
    traceEvents.push(complete(`step ${step}`, 'step', start, milliseconds, [training, 1], { step }));
    for (const part of parts) {
      traceEvents.push(complete(part.name, part.part, part.start, part.milliseconds, [training, 2], { step }));
    }
  }
  if (runs.length > 0) {
    traceEvents.push(
      named('process_name', apart, 0, `ops on ${engine}, measured after training`),
      named('thread_name', apart, 1, 'ops'),
    );
  }
  let runStart = 0;
  for (const [at, run] of runs.entries()) {
    for (const { op, node, start, milliseconds } of run) {
      const { label = '', op: kind } = node === undefined ? { op: 'several' } : graph.nodes[node]!;
      const { name: block, place } = blockOf(label, towers, places);
      const where = place && { place: `${place.file}:${place.line}:${place.column}` };
      const args = { block, op: kind, label, run: at + 1, ...(node === undefined ? {} : { node }), ...where };
      traceEvents.push(complete(op, block, runStart + start, milliseconds, [apart, 1], args));
    }
    const lastOp = run.at(-1);
    runStart += gap + (lastOp ? lastOp.start + lastOp.milliseconds : 0);
  }
  return { displayTimeUnit: 'ms', traceEvents: traceEvents };
}

const complete = (
  name: string,
  cat: string,
  start: number,
  milliseconds: number,
  [pid, tid]: readonly [number, number],
  args: Readonly<Record<string, string | number>>,
): TraceEvent => ({ ph: 'X', name, cat, ts: microseconds(start), dur: microseconds(milliseconds), pid, tid, args });

const microseconds = (milliseconds: number): number => Math.round(milliseconds * 1e6) / 1000;

const named = (name: 'process_name' | 'thread_name', pid: number, tid: number, text: string): TraceEvent => ({
  ...{ ph: 'M', name, pid, tid },
  args: { name: text },
});
