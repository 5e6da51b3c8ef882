/**
 * Gives this machine a tracking server of MLflow for the tests: packages of PyPI in a cache folder, and an empty database for it.
 *
 *   npm run setup:mlflow              set it up; quick when it is there already
 *   npm run setup:mlflow -- --force   start again
 *   npm run setup:mlflow -- --where   print the folder, and do nothing
 *
 * Tower never needs it: without it, the test that asks a real server skips. These are the packages that the server loads, each pinned,
 * so that pip has nothing to resolve: 35 seconds and 71 MB, where `pip install mlflow-skinny` with its parts takes three minutes and 178 MB.
 */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheBase, firstThatRuns, run, setUp, step, Trouble } from './setup_steps.mjs';

const version = '3.17.2';
const packages = `
  mlflow-skinny==${version} flask==3.1.3 flask-cors==6.0.5 werkzeug==3.1.9 jinja2==3.1.6 markupsafe==3.0.4 itsdangerous==2.2.0
  blinker==1.9.0 click==8.5.1 sqlalchemy==2.1.9 alembic==1.20.1 mako==1.4.3 typing-extensions==4.16.0 pyyaml==6.0.4 packaging==26.4
  protobuf==7.36.2 cachetools==7.3.3 requests==2.34.2 urllib3==2.8.0 certifi==2026.10.19.post1 idna==3.20 charset-normalizer==3.5.3
  cloudpickle==3.1.3 sqlparse==0.6.1 importlib-metadata==9.1.0 zipp==4.1.2 pydantic==2.14.4 pydantic-core==2.50.5
  annotated-types==0.8.0 typing-inspection==0.4.5 annotated-doc==0.0.7 opentelemetry-api==1.45.2 opentelemetry-sdk==1.45.2
  opentelemetry-proto==1.45.2 opentelemetry-semantic-conventions==0.66b2 python-dotenv==1.2.4 fastapi==0.165.0 starlette==1.10.0
  anyio==4.16.0 databricks-sdk==0.162.0
`
  .trim()
  .split(/\s+/);

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
    step(`PyPI: mlflow-skinny ${version} and ${packages.length - 1} packages that its server loads`, () => {
      const quiet = [
        '--no-cache-dir',
        '--progress-bar=off',
        '--disable-pip-version-check',
        '--root-user-action=ignore',
      ];
      const alone = ['--no-deps', '--no-compile', '--only-binary=:all:', '--target', partial];
      run(program, ['-m', 'pip', 'install', ...quiet, ...alone, ...packages]);
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
