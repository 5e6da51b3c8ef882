/** `tower serve` as a user runs it: from a run to an answer, to its end by a signal, and what it says where it cannot start. */
import { spawn } from 'node:child_process';
import { appendFileSync, cpSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, expect, it, vi } from 'vitest';
import { train } from '../../../src/api.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { writeProject } from '../project.ts';
import { ended, program, tower } from '../tower.ts';

const root = temporaryFolder();
const at = (name: string) => join(root, name);

beforeAll(async () => {
  writeProject(root);
  await train(at('films.tower'), { data: at('data.tower'), out: at('run'), engine: 'onnx', set: { epochs: 1 } });
}, 60_000);

it('answers as `tower recommend`, logs to stdout, and ends with 0 by SIGTERM', async () => {
  const child = spawn(process.execPath, [program, 'serve', 'run', '--port', '0', '--engine', 'onnx'], { cwd: root });
  let said = '';
  child.stderr.on('data', (text) => (said += text));
  const done = ended(child);
  const url = await vi.waitFor(() => /serving run on (http:\S+)/.exec(said)![1]!, { timeout: 30_000, interval: 50 });
  const answer = await fetch(`${url}/v1/recommend`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': 'the-one' },
    body: '{"user":"u4","k":3}',
  });
  const { items, notes } = (await answer.json()) as { items: unknown; notes: unknown };
  child.kill('SIGTERM');
  const { code, stdout } = await done;
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ id: 'the-one', route: '/v1/recommend', status: 200 });
  const args = ['recommend', 'run', '--user', 'u4', '-k', '3', '--json', '--engine', 'onnx'];
  expect(JSON.parse((await tower(args, { cwd: root })).stdout)).toMatchObject({ items, notes });
});

it('says in a line what is wrong, with exit code 1', async () => {
  const failing = async (...args: string[]) => {
    const { code, stderr, stdout } = await tower(['serve', ...args], { cwd: root });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).not.toMatch(/^ {4}at /m);
    return stderr;
  };
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => taken.once('listening', listening));
  const { port } = taken.address() as { port: number };
  expect(await failing('run', '--port', String(port))).toContain('cannot-listen');
  // Before the run is loaded.
  expect(await failing('nothing', '--port', String(port))).toContain('cannot-listen');
  taken.close();
  expect(await failing('nothing')).toContain('not-a-run');
  cpSync(at('run'), at('damaged'), { recursive: true });
  appendFileSync(join(at('damaged'), 'weights.safetensors'), 'x');
  expect(await failing('damaged')).toMatch(/changed-file|damaged-file/);
  expect(await failing('run', '--host', '0.0.0.0')).toContain('token-needed');
  expect(await failing('run', '--token-file', 'none.txt')).toContain('cannot-read');
  writeFileSync(at('token.txt'), 'short\n');
  expect(await failing('run', '--token-file', 'token.txt')).toContain('token-value');
});
