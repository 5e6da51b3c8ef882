/**
 * tfjs-node's addon, called directly: `tf.node.loadSavedModel` and `predict` are a thin layer over the same calls, and the
 * rest of tfjs-node would take half a second to start and tens of microseconds a tensor.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { cacheBase } from '../../base/storage/package_file.ts';
import type { HostDtype, Tensor } from '../../graph/graph.ts';

interface Metadata {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: number;
}

export interface OpAttribute {
  readonly name: string;
  /** One of `TF_ATTR_…`. */
  readonly type: number;
  readonly value: number | boolean;
}

/** tfjs-node/src/tfjs_binding.ts, the part used here. */
export interface TensorflowAddon {
  createTensor(shape: readonly number[], dtype: number, data: Tensor['data']): number;
  deleteTensor(id: number): void;
  /** A copy. */
  tensorDataSync(id: number): Tensor['data'];
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(session: number): void;
  /** Names are joined by commas, each `node:output`. Runs in the calling thread until it is done. */
  runSavedModel(session: number, inputs: readonly number[], inputNames: string, outputNames: string): Metadata[];
  /** One op, outside of any session, in the calling thread until it is done. */
  executeOp(op: string, attributes: readonly OpAttribute[], inputs: readonly number[], outputs: number): Metadata[];
  /** Tensors that wait to be deleted. */
  getNumOfTensors(): number;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_BOOL: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_Version: string;
}

export interface Loaded {
  readonly binding: TensorflowAddon;
  readonly tfjsNodeVersion: string;
}

export const typeCode = (binding: TensorflowAddon, dtype: HostDtype): number =>
  ({ float32: binding.TF_FLOAT, int32: binding.TF_INT32, bool: binding.TF_BOOL })[dtype];

export function loadBinding(): Loaded {
  const reasons: string[] = [];
  // Read when the library is loaded.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
  for (const folder of packageFolders()) {
    const addon = addonIn(folder);
    if (!existsSync(addon)) {
      reasons.push(`${folder} has no native library`);
      continue;
    }
    try {
      const binding: TensorflowAddon = createRequire(import.meta.url)(addon);
      const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      return { binding, tfjsNodeVersion: version };
    } catch (error) {
      // Whatever it throws, another engine can run: a missing library, another processor, another C library.
      reasons.push(`${addon} does not load: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
    }
  }
  if (reasons.length === 0) reasons.push('@tensorflow/tfjs-node is not installed');
  throw new Error(`${reasons.join('; ')} (\`tower engines --setup\` builds it)`);
}

// Where tfjs-node's addon may lie: with the project's packages, or in the cache that `npm run setup:tensorflow` fills.

/** The TensorFlow that scripts/setup-tensorflow.mjs builds against. */
const tensorflowVersion = '2.21.0';

export const tensorflowCacheFolder = (): string =>
  join(cacheBase(), `tensorflow-${tensorflowVersion}-${process.platform}-${process.arch}`);

/** Folders of @tensorflow/tfjs-node, the project's own first. */
export function packageFolders(): readonly string[] {
  const folders: string[] = [];
  try {
    folders.push(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-node/package.json')));
  } catch {
    // A project may install it, and need not: its own install script fetches the library from a server that is not npm's.
  }
  folders.push(join(tensorflowCacheFolder(), 'node_modules', '@tensorflow', 'tfjs-node'));
  return folders.filter((folder) => existsSync(folder));
}

/** The addon is a Node-API library, in a folder named by the version of that interface; 8 is what Node 20 loads. */
export const addonIn = (folder: string): string => join(folder, 'lib', 'napi-v8', 'tfjs_binding.node');
