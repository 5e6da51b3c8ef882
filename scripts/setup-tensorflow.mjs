/**
 * Gives this machine the native library of the `tensorflow` engine where npm could not: tfjs-node's addon is compiled here
 * against the TensorFlow library of PyPI's wheel, in a cache folder that no later `npm install` prunes.
 *
 *   npm run setup:tensorflow              set it up; quick when it is there already
 *   npm run setup:tensorflow -- --force   start again
 *   npm run setup:tensorflow -- --where   print the folder, and do nothing
 *
 * Each package has a checksum in `scripts/requirements`. The folder is `TOWER_CACHE`, else the user's cache folder. It needs npm, Python 3 with pip, a C++ compiler, 1 GB of disk
 * and a download of about 280 MB.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheBase, firstThatRuns, hashedAlone, npmCi, run, setUp, step, Trouble } from './setup_steps.mjs';

const tensorflowVersion = '2.21.0';
const tfjsVersion = '4.22.0';
/** The name has the version of the ops, as in src/plugins/tensorflow/fused_ops.ts. */
const opsLibrary = 'tower_ops-2.node';

/** What a platform needs: which wheel, by which tags, and how its library is linked. `undefined` where there is none. */
const platforms = {
  'linux-x64': { wheel: 'tensorflow-cpu', tags: ['manylinux_2_27_x86_64', 'manylinux2014_x86_64'] },
  'linux-arm64': { wheel: 'tensorflow', tags: ['manylinux_2_27_aarch64', 'manylinux2014_aarch64'] },
  'darwin-arm64': { wheel: 'tensorflow', tags: ['macosx_12_0_arm64', 'macosx_11_0_arm64'] },
};

const cacheFolder = () => join(cacheBase(), `tensorflow-${tensorflowVersion}-${process.platform}-${process.arch}`);

/**
 * TensorFlow logs two lines about oneDNN while the system initializes its library, before a program can set the level of its log. This library is
 * initialized before all others (`initfirst`), and sets the level of `TF_CPP_MIN_LOG_LEVEL`, or errors only. The symbol is weak: without it the lines
 * are back, and nothing else.
 */
const logLevelSource = `#include <cstdlib>
namespace absl {
inline namespace lts_20250814 {
enum class LogSeverityAtLeast : int {};
__attribute__((weak)) void SetMinLogLevel(LogSeverityAtLeast);
}
}
__attribute__((constructor)) static void setLogLevel() {
  const char* level = std::getenv("TF_CPP_MIN_LOG_LEVEL");
  if (absl::SetMinLogLevel) absl::SetMinLogLevel(absl::LogSeverityAtLeast(level ? std::atoi(level) : 2));
}
`;
const logLevelLibrary = 'libearly_log_level.so';

const tfjsIn = (folder) => join(folder, 'node_modules/@tensorflow/tfjs-node');
/** True if the addon in `folder` was linked with that library, or the platform has none. */
const hasLogLevel = (folder) =>
  process.platform !== 'linux' || existsSync(join(tfjsIn(folder), 'deps/lib', logLevelLibrary));

/** The version that the addon in `folder` reports, in a process of its own, or why it does not load. */
function loads(folder) {
  const addon = join(tfjsIn(folder), 'lib/napi-v8/tfjs_binding.node');
  if (!existsSync(addon)) return { reason: `there is no ${addon}` };
  const done = spawnSync(process.execPath, ['-p', `require(${JSON.stringify(addon)}).TF_Version`], {
    encoding: 'utf8',
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' },
  });
  if (done.status === 0) return { version: done.stdout.trim() };
  return { reason: `${done.stderr}`.trim() || `it ended with ${done.signal ?? done.status}` };
}

const unpack = `
import sys, zipfile
wheel, target = sys.argv[1:]
include = 'tensorflow/include/'
folders = 'tensorflow/c tensorflow/core tsl xla/tsl absl google/protobuf Eigen unsupported ml_dtypes'
headers = tuple(include + folder + '/' for folder in folders.split())
with zipfile.ZipFile(wheel) as archive:
    for entry in archive.infolist():
        name = entry.filename
        library = name.startswith(('tensorflow/libtensorflow_cc.', 'tensorflow/libtensorflow_framework.'))
        if library or name.startswith(headers):
            archive.extract(entry, target)
`;

function build(folder, platform) {
  const python = firstThatRuns(['python3', 'python'], ['-m', 'pip', '--version']);
  if (!python) throw new Trouble('Python 3 with pip is needed to fetch the TensorFlow library from PyPI.');
  const compiler = firstThatRuns([process.env.CXX, 'c++', 'g++', 'clang++'].filter(Boolean), ['--version']);
  if (!compiler)
    throw new Trouble('A C++ compiler is needed (Debian: `apt install g++`, macOS: `xcode-select --install`).');

  step(`npm: @tensorflow/tfjs-node ${tfjsVersion}`, () => npmCi('tfjs-node', folder));

  const wheels = join(folder, 'wheel');
  step(`PyPI: ${platform.wheel} ${tensorflowVersion}`, () => {
    const tags = platform.tags.flatMap((tag) => ['--platform', tag]);
    const wanted = ['--no-deps', '--implementation=cp', '--python-version=3.11', '--abi=cp311', ...tags];
    const quiet = ['--no-cache-dir', '--progress-bar=off', '--disable-pip-version-check'];
    const wheel = hashedAlone('tensorflow.txt', platform.wheel, folder);
    run(python, ['-m', 'pip', 'download', ...quiet, ...wanted, '-d', wheels, ...wheel]);
  });

  const unpacked = join(folder, 'unpacked');
  step('unpack the library and its headers', () => {
    const [wheel] = readdirSync(wheels);
    run(python, ['-c', unpack, join(wheels, wheel), unpacked]);
    rmSync(wheels, { recursive: true });
  });

  const tfjs = tfjsIn(folder);
  step('compile the addon', () => {
    const library = join(tfjs, 'deps/lib');
    mkdirSync(library, { recursive: true });
    const from = join(unpacked, 'tensorflow');
    const libraries = readdirSync(from).filter((name) => name.startsWith('libtensorflow'));
    for (const name of libraries) renameSync(join(from, name), join(library, name));

    const mac = process.platform === 'darwin';
    const linked = libraries.map((name) => join(library, name));
    if (!mac) {
      const [source, target] = [join(unpacked, 'early_log_level.cc'), join(library, logLevelLibrary)];
      writeFileSync(source, logLevelSource);
      run(compiler, [
        '-O2',
        '-shared',
        '-fPIC',
        '-Wl,-z,initfirst',
        `-Wl,-soname,${logLevelLibrary}`,
        source,
        '-o',
        target,
      ]);
      linked.push('-Wl,--no-as-needed', target);
    }

    const addon = join(tfjs, 'lib/napi-v8/tfjs_binding.node');
    mkdirSync(dirname(addon), { recursive: true });
    const include = [tfjs, join(folder, 'node_modules/node-api-headers/include'), join(from, 'include')];
    run(compiler, [
      ...['-std=c++17', '-O2', '-shared', '-fPIC', '-DNAPI_VERSION=8', '-w'],
      ...include.map((path) => `-I${path}`),
      ...['binding/tfjs_backend.cc', 'binding/tfjs_binding.cc'].map((path) => join(tfjs, path)),
      ...linked,
      ...(mac ? ['-undefined', 'dynamic_lookup'] : []),
      `-Wl,-rpath,${mac ? '@loader_path' : '$ORIGIN'}/../../deps/lib`,
      ...['-o', addon],
    ]);
    rmSync(join(folder, 'node_modules/node-api-headers'), { recursive: true });
  });
  if (canFuse()) step('compile the fused ops', () => compileOps(compiler, tfjs, join(unpacked, 'tensorflow/include')));
  rmSync(unpacked, { recursive: true });
}

// The ops of our own (src/plugins/tensorflow/ops) are an addition: without them, TensorFlow's own ops compute the same.

const opsIn = (folder) => join(tfjsIn(folder), 'deps/lib', opsLibrary);
/** Says why there are no ops, so that no later call tries again. */
const noOpsIn = (folder) => `${opsIn(folder)}.reason`;

/** True where the ops are compiled: they are written for these instructions. */
function canFuse() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return false;
  const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.split(' ') ?? [];
  return ['avx512f', 'avx512bw', 'avx512dq', 'avx512vl', 'avx512_bf16'].every((flag) => flags.includes(flag));
}

const hasOps = (folder) => !canFuse() || existsSync(opsIn(folder)) || existsSync(noOpsIn(folder));

function compileOps(compiler, tfjs, include) {
  const library = join(tfjs, 'deps/lib');
  const source = fileURLToPath(new URL('../src/plugins/tensorflow/ops/softmax_loss.cc', import.meta.url));
  const target = join(library, opsLibrary);
  const compiled = spawnSync(
    compiler,
    [
      ...['-std=c++17', '-O3', '-fno-math-errno', '-shared', '-fPIC', '-DNDEBUG', '-w'],
      // As TensorFlow itself was compiled.
      ...['-D_GLIBCXX_USE_CXX11_ABI=1', '-DEIGEN_MAX_ALIGN_BYTES=64', `-I${include}`],
      ...[source, join(library, 'libtensorflow_framework.so.2'), '-Wl,-rpath,$ORIGIN', '-o', target],
    ],
    { encoding: 'utf8' },
  );
  if (compiled.status === 0) return;
  rmSync(target, { force: true });
  const reason =
    `${compiled.stderr}`.trim().split('\n')[0] || `${compiler} ended with ${compiled.signal ?? compiled.status}`;
  writeFileSync(`${target}.reason`, `${reason}\n`);
  console.log(`  They do not compile (${reason}): TensorFlow's own ops are used.`);
}

function main() {
  const folder = cacheFolder();
  if (process.argv.includes('--where')) return console.log(folder);

  const platform = platforms[`${process.platform}-${process.arch}`];
  if (!platform) {
    throw new Trouble(
      `PyPI has no TensorFlow ${tensorflowVersion} library for ${process.platform} ${process.arch}. Tower runs here on its \`onnx\` or \`javascript\` engine.`,
    );
  }
  if (process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime) {
    throw new Trouble(
      'TensorFlow needs the GNU C library, and this Linux has another. Tower runs here on its `onnx` or `javascript` engine.',
    );
  }

  if (!process.argv.includes('--force')) {
    const { version } = loads(folder);
    if (version && hasLogLevel(folder) && hasOps(folder))
      return console.log(`TensorFlow ${version} is set up in ${folder}, and loads.`);
  }

  console.log(`Setting up TensorFlow ${tensorflowVersion} for ${process.platform} ${process.arch}:`);
  mkdirSync(dirname(folder), { recursive: true });
  // Built next to its place and renamed, so that what is there is always whole.
  const partial = mkdtempSync(`${folder}.partial-`);
  try {
    build(partial, platform);
    const { version, reason } = step('check that it loads', () => loads(partial));
    if (!version) throw new Trouble(`The addon was built but does not load: ${reason}`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(partial, folder);
    console.log(`TensorFlow ${version} is set up in ${folder}.`);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

setUp(main);
