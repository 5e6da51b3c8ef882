/** Where tfjs-node's addon may lie: with the project's packages, or in the cache that `npm run setup:tensorflow` fills. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { cacheBase } from '../../base/storage/cache_folder.ts';

/** The TensorFlow that scripts/setup-tensorflow.mjs builds against. */
const tensorflowVersion = '2.21.0';

export const cacheFolder = (): string =>
  join(cacheBase(), `tensorflow-${tensorflowVersion}-${process.platform}-${process.arch}`);

/** Folders of @tensorflow/tfjs-node, the project's own first. */
export function packageFolders(): readonly string[] {
  const folders: string[] = [];
  try {
    folders.push(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-node/package.json')));
  } catch {
    // A project may install it, and need not: its own install script fetches the library from a server that is not npm's.
  }
  folders.push(join(cacheFolder(), 'node_modules', '@tensorflow', 'tfjs-node'));
  return folders.filter((folder) => existsSync(folder));
}

/** The addon is a Node-API library, in a folder named by the version of that interface; 8 is what Node 20 loads. */
export const addonIn = (folder: string): string => join(folder, 'lib', 'napi-v8', 'tfjs_binding.node');
