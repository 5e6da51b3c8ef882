/** The library of ONNX Runtime for each platform. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const folder = 'node_modules/onnxruntime-node/bin/napi-v6';

export const platforms = ['darwin/arm64', 'linux/arm64', 'linux/x64', 'win32/arm64', 'win32/x64'];

/** The package of a release that has the library, such as `@tower-lang/onnx-linux-x64`. */
export const onnxPackage = (platform) => `@tower-lang/onnx-${platform.replace('/', '-')}`;

/** Parts for GPUs, which are loaded only when they are asked for, and a second copy of one library. */
const unused = /^(DirectML|dxcompiler|dxil)\.dll$|\.\d+\.\d+\.\d+\.dylib$/;

/** Paths of the library's files. A platform that ONNX Runtime does not have gives none. */
export function onnxFiles(platform) {
  if (!platforms.includes(platform)) return [];
  const names = readdirSync(join(folder, platform));
  return names.filter((name) => !unused.test(name)).map((name) => join(folder, platform, name));
}
