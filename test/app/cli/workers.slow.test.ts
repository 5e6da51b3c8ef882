/** Workers that `tower train --workers` starts, and what happens to one of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { engineOrSkip } from '../../engines/support.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { writeProject } from './project.ts';
import { program, tower } from './tower.ts';

const loads = (await engineOrSkip('torch')) !== undefined;

/** Processes whose parent this one is, with their command lines. Linux has them in /proc. */
function childrenOf(pid: number): { readonly pid: number; readonly words: string }[] {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const ids = tasks.flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' '));
  return ids.filter(Boolean).map((id) => ({ pid: Number(id), words: readFileSync(`/proc/${id}/cmdline`, 'utf8') }));
}

describe.skipIf(!loads || process.platform !== 'linux')('a worker of this machine', () => {
  const root = temporaryFolder();
  const args = ['train', 'films.tower', '--data', 'data.tower', '--workers', '2', '--set', 'epochs=1000000'];
  beforeAll(() => writeProject(root));

  /** Trains until the end of an epoch, and then signals a process. */
  const run = (out: string, signal: NodeJS.Signals, victim: (worker: number) => number, ...more: string[]) => {
    let isDone = false;
    return tower([...args, '--out', out, ...more], {
      cwd: root,
      env: { TOWER_TORCH_COMPILE: 'off' },
      onStderr(child, text) {
        if (isDone || !text.includes('epoch 1:')) return;
        isDone = true;
        const worker = childrenOf(child.pid!).find(({ words }) => words.includes(program))!;
        process.kill(victim(worker.pid), signal);
      },
    });
  };

  it('that gets a signal stops all of them, with a checkpoint and no success', { timeout: 120_000 }, async () => {
    const { code, stdout } = await run('stopped', 'SIGTERM', (worker) => worker);
    expect([code, stdout]).toEqual([143, expect.stringContaining('stopped; continue with')]);
    const { training } = JSON.parse(readFileSync(join(root, 'stopped/manifest.json'), 'utf8'));
    expect(training.status).toBe('interrupted');
  });

  it('says why it ended, in JSON too', { timeout: 120_000 }, async () => {
    const { code, stdout } = await run('ended', 'SIGKILL', (worker) => childrenOf(worker)[0]!.pid, '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject([
      { code: 'worker-ended', message: expect.stringMatching(/^worker 1 ended with code 1, .*killed by SIGKILL/) },
    ]);
  });
});
