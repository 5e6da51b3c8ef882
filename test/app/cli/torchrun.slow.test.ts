/** Workers that torchrun starts, and starts again: the run goes on from its last checkpoint, to the bits of a run that nobody disturbed. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { engineOrSkip } from '../../engines/support.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { writeProject } from './project.ts';
import { program } from './tower.ts';

const loads = (await engineOrSkip('torch')) !== undefined;

it.skipIf(!loads)('a killed worker is started again with the same command', { timeout: 300_000 }, async () => {
  const root = temporaryFolder();
  writeProject(root);
  const train = async (out: string, isKilled: boolean): Promise<string> => {
    const launcher = ['-m', 'torch.distributed.run', '--no-python', '--standalone', '--nproc-per-node', '2'];
    const files = ['films.tower', '--data', 'data.tower', '--out', out, '--set', 'epochs=3'];
    const command = [process.execPath, program, 'train', ...files, '--workers', 'launched', '--resume=auto'];
    const child = spawn(process.env.TOWER_PYTHON ?? 'python3', [...launcher, '--max-restarts', '3', ...command], {
      cwd: root,
      env: { ...process.env, TOWER_TORCH_COMPILE: 'off' },
    });
    let said = '';
    child.stderr.on('data', (data: Buffer) => {
      const wasThere = said.includes('epoch 1:');
      said += data.toString();
      if (isKilled && !wasThere && said.includes('epoch 1:')) {
        const workers = childrenOf(child.pid!).filter((pid) => commandOf(pid).includes(program));
        process.kill(workers[1]!, 'SIGKILL');
      }
    });
    const code = await new Promise((resolve) => child.once('exit', resolve));
    expect(code, said).toBe(0);
    return said;
  };
  expect(await train('killed', true)).toContain('resumed after step');
  await train('whole', false);
  const weights = (out: string): Buffer => readFileSync(join(root, out, 'weights.safetensors'));
  expect(weights('killed').equals(weights('whole'))).toBe(true);
});

/** Linux has the children of a process in /proc. */
const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'utf8');
