/**
 * Gives this machine a tracking server of MLflow for the tests: packages of PyPI in a cache folder, and an empty database for it.
 *
 *   npm run setup:mlflow              set it up; quick when it is there already
 *   npm run setup:mlflow -- --force   start again
 *   npm run setup:mlflow -- --where   print the folder, and do nothing
 *
 * Tower never needs it: without it, the test that asks a real server skips. `scripts/requirements/mlflow.txt` has the packages that the server loads, each pinned,
 * so that pip has nothing to resolve: 35 seconds and 71 MB, where `pip install mlflow-skinny` with its parts takes three minutes and 178 MB.
 */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheBase, firstThatRuns, hashed, run, setUp, step, Trouble } from './setup_steps.mjs';

const version = '3.17.2';
const cacheFolder = () => join(cacheBase(), `mlflow-${version}-${process.platform}-${process.arch}`);

/** MLflow makes its tables in some fifty migrations: once here, and a copy for each test. */
const makeDatabase = `
import sys
from mlflow.server import app
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
SqlAlchemyStore('sqlite:///' + sys.argv[1], 'mlflow-artifacts:/')
`;

function main() {
  const folder = cacheFolder();
  if (process.argv.includes('--where')) return console.log(folder);
  if (!process.argv.includes('--force') && existsSync(join(folder, 'empty.db'))) {
    return console.log(`MLflow ${version} is set up in ${folder}.`);
  }
  const program = firstThatRuns(['python3', 'python'], ['-m', 'pip', '--version']);
  if (!program) throw new Trouble('Python 3 with pip is needed (Debian: `apt install python3-pip`).');
  mkdirSync(dirname(folder), { recursive: true });
  const partial = mkdtempSync(`${folder}.partial-`);
  try {
    step(`PyPI: mlflow-skinny ${version} and the packages that its server loads`, () => {
      const quiet = [
        '--no-cache-dir',
        '--progress-bar=off',
        '--disable-pip-version-check',
        '--root-user-action=ignore',
      ];
      const alone = ['--no-deps', '--no-compile', '--target', partial];
      run(program, ['-m', 'pip', 'install', ...quiet, ...alone, ...hashed('mlflow.txt')]);
    });
    step('load the server, and make an empty database', () => {
      const env = { ...process.env, PYTHONPATH: partial };
      run(program, ['-c', makeDatabase, join(partial, 'empty.db')], { env });
    });
    rmSync(folder, { recursive: true, force: true });
    renameSync(partial, folder);
    console.log(`MLflow ${version} is set up in ${folder}.`);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

setUp(main);
