/**
 * The steps of deploy/Dockerfile without Docker: in a folder in the place of the image, on this machine. What Docker adds, such as users and a base
 * system, is not tried.
 */
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

/** Its instructions in order: `COPY` and its rest. */
const steps = readFileSync('deploy/Dockerfile', 'utf8')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll('\\\n', ' ')
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => /^(\w+) (.*)$/.exec(line).slice(1));

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return String(port);
}

/**
 * Builds the image, starts it, and asks it.
 * @param context the folder of a project with a run in runs/first
 * @param image a folder that does not exist yet
 */
export async function runDockerfile(context, image, env) {
  const port = await freePort();
  const token = '0123456789abcdef';
  mkdirSync(join(image, 'run/secrets'), { recursive: true });
  writeFileSync(join(image, 'run/secrets/tower-token'), token);
  let folder = image;
  let check;
  let command;
  const own = { ...env };
  const defaults = {};
  const instructions = {
    FROM: (base) => assert.match(base, /^node:(20|22|24)\b/),
    ARG(line) {
      const [name, value] = line.split('=');
      defaults[name] = value;
    },
    WORKDIR(path) {
      folder = join(
        image,
        path.replace(/^\$(\w+)$/, (_, name) => defaults[name]),
      );
      mkdirSync(folder, { recursive: true });
    },
    COPY(rest) {
      const paths = rest.split(' ');
      const to = paths.pop();
      assert(['./', '.'].includes(to), 'files are copied into the folder of the server');
      for (const path of paths) {
        const from = join(context, path);
        const filter = (each) => basename(each) !== 'node_modules';
        cpSync(from, path === '.' ? folder : join(folder, path), { recursive: true, filter });
      }
    },
    RUN: (line) => execFileSync('sh', ['-ec', line], { cwd: folder, env: own, stdio: 'pipe' }),
    ENV(line) {
      const [name, value] = line.split('=');
      own[name] = value;
    },
    USER: () => {},
    EXPOSE: (exposed) => assert.equal(exposed, '8321'),
    HEALTHCHECK(line) {
      check = line.replace(/^.*? CMD /, '').replace('8321', port);
    },
    CMD(line) {
      command = JSON.parse(line).map((word) => (word === '8321' ? port : word.replace(/^\/run\//, `${image}/run/`)));
    },
  };
  for (const [instruction, rest] of steps) instructions[instruction](rest);

  const [program, ...args] = command;
  const server = spawn(program, args, { cwd: folder, env: own, stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(server, 'exit');
  try {
    const isHealthy = () =>
      promisify(execFile)('sh', ['-ec', check], { cwd: folder, env: own }).then(
        () => true,
        () => false,
      );
    for (let tries = 0; !(await isHealthy()); tries++)
      assert(tries < 120 && server.exitCode === null, 'it gets healthy');
    const body = JSON.stringify({ values: {}, k: 3 });
    const ask = (headers) =>
      fetch(`http://127.0.0.1:${port}/v1/recommend`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', ...headers },
      });
    assert.equal((await ask({})).status, 401);
    const answer = await ask({ authorization: `Bearer ${token}` });
    assert.equal((await answer.json()).items.length, 3, 'the server in the image answers');
  } finally {
    server.kill('SIGTERM');
  }
  assert.deepEqual(await ended, [0, null], 'it ends gracefully');
}
