/**
 * Loads the ops of our own that `scripts/setup-tensorflow.mjs` compiles next to tfjs-node's addon. They are used only if this processor has their instructions,
 * and if they compute what the formula says; otherwise TensorFlow's own ops run.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { optionalInputs } from '../../engines/formats/softmax_loss.ts';
import type { TensorflowAddon } from './addon.ts';

export interface FusedOps {
  readonly used: boolean;
  /** What the engine's version says of them. Absent where none are built. */
  readonly note?: string;
}

/** The file in the folder of the package @tensorflow/tfjs-node. Its name has the version of the ops, as in scripts/setup-tensorflow.mjs. */
const fusedOpsIn = (folder: string): string => join(folder, 'deps', 'lib', 'tower_ops-2.node');

/** The instructions that tiles.h is compiled for, as Linux names them. */
const needed = ['avx512f', 'avx512bw', 'avx512dq', 'avx512vl', 'avx512_bf16'];

/** By the library's path: it is loaded once. */
const loaded = new Map<string, FusedOps>();

/** @param folder that of the package @tensorflow/tfjs-node */
export function fusedOps(binding: TensorflowAddon, folder: string): FusedOps {
  const path = fusedOpsIn(folder);
  const known = loaded.get(path);
  if (known) return known;
  const ops = existsSync(path) ? loadOps(binding, path) : { used: false };
  loaded.set(path, ops);
  return ops;
}

function loadOps(binding: TensorflowAddon, path: string): FusedOps {
  const flags = processorFlags();
  const lacks = needed.filter((flag) => !flags.has(flag));
  if (lacks.length > 0) return refused(`the processor lacks ${lacks.join(', ')}`);
  try {
    process.dlopen({ exports: {} } as NodeJS.Module, path);
    const error = errorOfSample(binding);
    // As bfloat16 rounds.
    if (error < 2e-3) return { used: true, note: 'fused loss 1' };
    return refused(`it differs from its formula by ${error.toPrecision(2)} of it`);
  } catch (error) {
    return refused(error instanceof Error ? error.message.split('\n')[0]! : String(error));
  }
}

/** Returns the instructions that this processor has, by their names in Linux; none if the system does not report them. */
function processorFlags(): ReadonlySet<string> {
  try {
    // All cores have the flags of the first.
    const flagsLine = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'));
    return new Set(flagsLine?.[1]?.trim().split(/\s+/));
  } catch {
    // There is no such file on other systems, and a container may hide it.
    return new Set();
  }
}

const refused = (reason: string): FusedOps => ({ used: false, note: `fused loss refused: ${reason}` });

/** Returns the relative error of the loss of 70 rows and 70 columns, each row's own item being that of its number. */
function errorOfSample(binding: TensorflowAddon): number {
  const [rows, width, sharpness] = [70, 5, 4];
  const vectors = [1, 2].map((stream) =>
    Float32Array.from({ length: rows * width }, (_, index) => Math.sin(stream * 7.1 + index * (0.9 + stream))),
  );
  const ids = vectors.map((data) => binding.createTensor([rows, width], binding.TF_FLOAT, data));
  const attributes = [
    { name: 'sharpness', type: binding.TF_ATTR_FLOAT, value: sharpness },
    ...Object.values(optionalInputs).map((name) => ({ name, type: binding.TF_ATTR_INT, value: 0 })),
  ];
  const results = binding.executeOp('TowerSoftmaxLoss', attributes, ids, 3);
  const [loss] = binding.tensorDataSync(results[0]!.id);
  for (const id of [...ids, ...results.map((result) => result.id)]) binding.deleteTensor(id);

  const [users, items] = vectors.map((data) =>
    Array.from({ length: rows }, (_, row) => {
      const vector = Array.from(data.subarray(row * width, (row + 1) * width));
      const length = Math.hypot(...vector);
      return vector.map((x) => x / length);
    }),
  ) as [number[][], number[][]];
  const scores = users.map((user) =>
    items.map((item) => sharpness * user.reduce((sum, x, index) => sum + x * item[index]!, 0)),
  );
  const losses = scores.map(
    (row, index) => Math.log(row.reduce((sum, score) => sum + Math.exp(score), 0)) - row[index]!,
  );
  const expected = losses.reduce((sum, each) => sum + each, 0) / rows;
  return Math.abs(loss! - expected) / expected;
}
