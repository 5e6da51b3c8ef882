/** Times of ops by ONNX Runtime's own profiler: those of its kernels in a session like the one that trains. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InferenceSession } from 'onnxruntime-node';
import { makeTemporary, removeTemporary } from '../../base/storage/temporary.ts';
import type { Graph } from '../../graph/graph.ts';
import { checkParameters } from '../check.ts';
import type { Program, Tensors } from '../engine.ts';
import { stepOnnx } from '../formats/onnx.ts';
import type { OpTime, OpTimes } from '../op_times.ts';

const how =
  'ONNX Runtime measures its kernels while the whole graph runs. Ops that it fused count for the first of them.';

/** An entry of its file, which is a Chrome trace: times are microseconds. */
interface Entry {
  readonly cat: string;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly args?: { readonly op_name?: string };
}

type Session = Pick<InferenceSession, 'endProfiling'>;

/** @param open makes a session with these options, and a program on it */
export async function timeOnnxOps(
  open: (
    model: Uint8Array,
    options: InferenceSession.SessionOptions,
  ) => Promise<{ program: Program; session: Session }>,
  graph: Graph,
  parameters: Tensors,
  inputs: readonly Tensors[],
): Promise<OpTimes> {
  checkParameters(graph, parameters);
  const { bytes, nodeOf } = stepOnnx(graph);
  const folder = makeTemporary('profile');
  try {
    const profileFilePrefix = join(folder, prefix);
    const { program, session } = await open(bytes, { enableProfiling: true, profileFilePrefix });
    try {
      for (const given of [...inputs.slice(0, 1), ...inputs]) {
        await program.run(given);
        await program.write(parameters);
      }
      session.endProfiling();
    } finally {
      await program.close();
    }
    const file = readdirSync(folder).find((name) => name.startsWith(prefix));
    const entries: Entry[] = JSON.parse(readFileSync(join(folder, file!), 'utf8'));
    return { how, runs: runsOf(entries, nodeOf).slice(1) };
  } finally {
    removeTemporary(folder);
  }
}

/** Kernels of each run; a run is an entry of its own, which begins before them. */
function runsOf(entries: readonly Entry[], nodeOf: ReadonlyMap<string, number>): OpTime[][] {
  const runs = entries.filter(({ name }) => name === 'model_run').toSorted((a, b) => a.ts - b.ts);
  const kernels = entries.filter(({ cat, name }) => cat === 'Node' && name.endsWith(suffix));
  return runs.map(({ ts, dur }) =>
    kernels
      .filter((kernel) => kernel.ts >= ts && kernel.ts <= ts + dur)
      .map((kernel): OpTime => {
        const node = ownerOf(kernel.name.slice(0, -suffix.length), nodeOf);
        return {
          op: kernel.args?.op_name ?? 'unknown',
          start: (kernel.ts - ts) / 1000,
          milliseconds: kernel.dur / 1000,
          ...(node === undefined ? {} : { node }),
        };
      }),
  );
}

const prefix = 'step';
const suffix = '_kernel_time';

/** `fused user/main/mlp/MatMul#9/MatMulAddFusion` was made of `user/main/mlp/MatMul#9`. */
function ownerOf(name: string, nodeOf: ReadonlyMap<string, number>): number | undefined {
  for (
    let known = name.replace(/^fused /, '');
    known !== '';
    known = known.slice(0, Math.max(0, known.lastIndexOf('/')))
  ) {
    const node = nodeOf.get(known);
    if (node !== undefined) return node;
  }
  return undefined;
}
