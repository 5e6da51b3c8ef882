/**
 * Gives this machine the engine `torch`: a virtual environment of Python with PyTorch from PyPI, at pinned versions, in a cache folder.
 *
 *   npm run setup:torch              set it up; quick when it is there already
 *   npm run setup:torch -- --force   start again
 *   npm run setup:torch -- --where   print the folder, and do nothing
 *
 * The folder is in `TOWER_CACHE`, else in the user's cache folder. A Python that has PyTorch already needs none of it: `TOWER_PYTHON` names it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheBase, firstThatRuns, hashed, run, setUp, step, Trouble } from './setup_steps.mjs';

const torchVersion = '2.15.0';

/** What comes with the wheels of PyPI. On Linux x64 they bring CUDA, whether or not there is a GPU. */
const platforms = {
  'linux-x64': 'With the CUDA libraries that its wheel on PyPI needs: 3.0 GB to download, 5.4 GB of disk.',
  'linux-arm64': 'As its wheel on PyPI is for Linux on arm64.',
  'darwin-arm64': 'As its wheel on PyPI is for macOS on arm64.',
};

const cacheFolder = () => join(cacheBase(), `torch-${torchVersion}-${process.platform}-${process.arch}`);

/** The version of torch that the environment imports, or why it does not. */
function loads(folder) {
  const python = join(folder, 'bin', 'python');
  if (!existsSync(python)) return { reason: `there is no ${python}` };
  const done = spawnSync(python, ['-c', 'import torch; print(torch.__version__)'], { encoding: 'utf8' });
  if (done.status === 0) return { version: done.stdout.trim().split('\n').at(-1) };
  return { reason: done.stderr.trim().split('\n').at(-1) || `it ended with ${done.signal ?? done.status}` };
}

function main() {
  const folder = cacheFolder();
  if (process.argv.includes('--where')) return console.log(folder);

  const size = platforms[`${process.platform}-${process.arch}`];
  if (!size) {
    throw new Trouble(
      `PyPI has no PyTorch ${torchVersion} for ${process.platform} ${process.arch}. Tower runs here on its other engines.`,
    );
  }
  if (!process.argv.includes('--force')) {
    const { version } = loads(folder);
    if (version) return console.log(`PyTorch ${version} is set up in ${folder}, and loads.`);
  }
  const python = firstThatRuns(['python3', 'python'], ['-c', 'import ensurepip, venv']);
  if (!python) throw new Trouble('Python 3 with venv is needed (Debian: `apt install python3-venv`).');

  console.log(`Setting up PyTorch ${torchVersion} for ${process.platform} ${process.arch}. ${size}`);
  console.log('A smaller PyTorch that is installed already will do: name its Python in TOWER_PYTHON.');
  mkdirSync(dirname(folder), { recursive: true });
  // Made next to its place and renamed, so that what is there is always whole. The programs in `bin` would not find their Python then; none is used.
  const partial = mkdtempSync(`${folder}.partial-`);
  try {
    step('make a virtual environment', () => run(python, ['-m', 'venv', partial]));
    step(`PyPI: torch ${torchVersion}`, () => {
      const quiet = ['--no-cache-dir', '--progress-bar=off', '--disable-pip-version-check'];
      run(join(partial, 'bin', 'python'), ['-m', 'pip', 'install', ...quiet, ...hashed('torch.txt')]);
    });
    const { version, reason } = step('check that it loads', () => loads(partial));
    if (!version) throw new Trouble(`PyTorch was installed but does not load: ${reason}`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(partial, folder);
    console.log(`PyTorch ${version} is set up in ${folder}.`);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

setUp(main);
