/** A real server of MLflow on this machine, where `npm run setup:mlflow` has set one up. */
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const folder = spawnSync(process.execPath, ['scripts/setup-mlflow.mjs', '--where'], { encoding: 'utf8' }).stdout.trim();
export const hasMlflow = existsSync(join(folder, 'empty.db'));
if (!hasMlflow) console.warn('skipped: MLflow is not set up here; `npm run setup:mlflow` does it');

const program = `
from mlflow.server import app
from werkzeug.serving import make_server
server = make_server('127.0.0.1', 0, app, threaded=True)
print(server.port, flush=True)
server.serve_forever()
`;

/** @param at an empty folder, for its database and its files */
export async function mlflowServer(at: string): Promise<{ readonly url: string; close(): void }> {
  mkdirSync(join(at, 'artifacts'));
  const database = join(at, 'mlflow.db');
  copyFileSync(join(folder, 'empty.db'), database);
  const child = spawn('python3', ['-c', program], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: {
      ...process.env,
      PYTHONPATH: folder,
      MLFLOW_TRACKING_URI: `sqlite:///${database}`,
      _MLFLOW_SERVER_FILE_STORE: `sqlite:///${database}`,
      _MLFLOW_SERVER_ARTIFACT_ROOT: 'mlflow-artifacts:/',
      _MLFLOW_SERVER_ARTIFACT_DESTINATION: join(at, 'artifacts'),
      _MLFLOW_SERVER_SERVE_ARTIFACTS: 'true',
    },
  });
  for await (const line of createInterface({ input: child.stdout })) {
    if (/^\d+$/.test(line)) return { url: `http://127.0.0.1:${line}`, close: () => child.kill() };
  }
  throw new Error('the server of MLflow ended before it listened');
}
