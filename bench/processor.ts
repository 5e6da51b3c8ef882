/** What the processor is and how fast it multiplies: figures of two machines can only be compared with both known. */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import type { TensorflowAddon } from '../src/plugins/tensorflow/addon.ts';
import { loadBinding } from '../src/plugins/tensorflow/tensorflow.ts';

/** Extensions that products of matrices use, on x64 and on ARM. */
const telling = [
  ...['fma', 'avx', 'avx2', 'avx512f', 'avx512_vnni', 'avx512_bf16', 'avx512_fp16', 'avx_vnni'],
  ...['amx_tile', 'amx_bf16', 'amx_int8', 'amx_fp16'],
  ...['asimd', 'asimddp', 'asimdhp', 'bf16', 'i8mm', 'sve', 'sve2', 'sme'],
];

/** Those of `text`, which is /proc/cpuinfo. */
export function featuresIn(text: string): readonly string[] {
  const [, flags = ''] = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(text) ?? [];
  const known = new Set(flags.split(/\s+/));
  return telling.filter((name) => known.has(name));
}

export function describeFeatures(): string {
  try {
    const features = featuresIn(readFileSync('/proc/cpuinfo', 'utf8'));
    return features.length > 0 ? features.join(' ') : 'no extension that is known here';
  } catch {
    return 'extensions unknown: there is no /proc/cpuinfo';
  }
}

/** Model, cores, extensions, and GFLOP/s of a product of two square matrices in both precisions. Takes a second or two. */
export function describeProcessor(): string {
  const cores = `${availableParallelism()} of ${cpus().length} cores`;
  return [`${cpus()[0]?.model.trim()} · ${cores} · ${describeFeatures()}`, describeProducts()].join('\n');
}

const size = 2048;

function describeProducts(): string {
  try {
    const { binding } = loadBinding();
    const rate = (bf16: boolean): string => Math.round(productRate(binding, bf16)).toLocaleString('en');
    return `product of ${size} × ${size} in TensorFlow: ${rate(false)} GFLOP/s in float32, ${rate(true)} in bf16`;
  } catch (error) {
    return `product not measured: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** `DT_BFLOAT16` of TensorFlow's types.proto. */
const bfloat16 = 14;

/** GFLOP/s of the fastest of several products: whatever else the machine does makes the others slower. */
function productRate(binding: TensorflowAddon, isBf16: boolean): number {
  const numbers = Float32Array.from({ length: size * size }, (_, at) => ((at * 7919) % 1000) / 1000 - 0.5);
  const given = binding.createTensor([size, size], binding.TF_FLOAT, numbers);
  const typed = (name: string, value: number) => ({ name, type: binding.TF_ATTR_TYPE, value });
  const cast = [typed('SrcT', binding.TF_FLOAT), typed('DstT', bfloat16)];
  const operand = isBf16 ? binding.executeOp('Cast', cast, [given], 1)[0]!.id : given;
  const plain = ['transpose_a', 'transpose_b'].map((name) => ({ name, type: binding.TF_ATTR_BOOL, value: false }));
  const attributes = [typed('T', isBf16 ? bfloat16 : binding.TF_FLOAT), ...plain];
  let fastest = Number.POSITIVE_INFINITY;
  for (const end = performance.now() + 700; performance.now() < end; ) {
    const start = performance.now();
    const [product] = binding.executeOp('MatMul', attributes, [operand, operand], 1);
    fastest = Math.min(fastest, performance.now() - start);
    binding.deleteTensor(product!.id);
  }
  for (const id of new Set([given, operand])) binding.deleteTensor(id);
  return (2 * size ** 3) / fastest / 1e6;
}
