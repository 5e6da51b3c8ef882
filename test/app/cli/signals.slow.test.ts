import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { interruptible } from '../../../src/app/cli/open_run.ts';
import { withInterruptSignal } from '../../../src/app/cli/signals.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';
import { writeProject } from './project.ts';
import { ended, program, tower } from './tower.ts';

/** One press: a second would end the program immediately, and one that comes while it ends would kill it. */
function once(signal: NodeJS.Signals, when: (text: string) => boolean) {
  let pressed = false;
  return (child: { kill(signal: NodeJS.Signals): boolean }, text: string): void => {
    if (pressed || !when(text)) return;
    pressed = true;
    child.kill(signal);
  };
}

const spillsOf = (folder: string): string[] => readdirSync(folder).filter((name) => name.startsWith('tower-duckdb-'));

describe('Ctrl-C', () => {
  const root = temporaryFolder();
  const train = ['train', 'films.tower', '--data', 'data.tower', '--out', 'run', '--engine', 'onnx'];
  // Far more epochs than there is time for.
  const long = ['--set', 'epochs=1000000'];
  beforeAll(() => writeProject(root));

  it('ends training with a checkpoint, which `--resume` goes on from', async () => {
    const first = await tower([...train, ...long], {
      cwd: root,
      onStderr: once('SIGINT', (text) => text.includes('epoch 2:')),
    });
    expect(first).toMatchObject({
      code: 130,
      stdout: expect.stringContaining('… --resume`, or end the run as it is with `--finish`'),
    });
    expect(first.stderr).toContain('stopping after this step, with a checkpoint');
    expect(existsSync(join(root, 'run/checkpoint.safetensors'))).toBe(true);
    expect(JSON.parse(readFileSync(join(root, 'run/manifest.json'), 'utf8')).training.status).toBe('interrupted');

    const second = await tower([...train, ...long, '--resume', '--json'], {
      cwd: root,
      onStderr: once('SIGTERM', (text) => /^epoch \d+:/m.test(text)),
    });
    const resumedAt = Number(/resumed after step (\d+)/.exec(second.stderr)?.[1]);
    expect(resumedAt).toBeGreaterThanOrEqual(16);
    const { status, training, epochs } = JSON.parse(second.stdout);
    expect(status).toBe('interrupted');
    expect(training.steps).toBeGreaterThan(resumedAt);
    expect(epochs[0].epoch).toBe(Math.floor(resumedAt / 8) + 1);
    expect(second.code).toBe(143);

    // Another form of the model does not go on with these weights.
    const other = await tower([...train, '--set', 'width=16', '--resume', '--json'], { cwd: root });
    expect([other.code, JSON.parse(other.stdout)[0].code]).toEqual([1, 'other-run']);
  });
});

describe('an expression without an end', () => {
  const root = temporaryFolder();
  const endless = '(SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range * b.range % 7 = 3)';
  beforeAll(() => {
    writeProject(root);
    const columns = `  columns { movie_id = "movie_id || ${endless}" }\n  time `;
    const text = readFileSync(join(root, 'data.tower'), 'utf8').replace('  time ', columns);
    writeFileSync(join(root, 'endless.tower'), text);
  });

  it.each([
    ['check', 'SIGINT', 130],
    ['train', 'SIGTERM', 143],
  ] as const)('of %s is ended by %s with %i', async (command, signal, code) => {
    const args = [
      command,
      'films.tower',
      '--data',
      'endless.tower',
      ...(command === 'train' ? ['--out', 'endless'] : []),
    ];
    const child = spawn(process.execPath, [program, ...args], { cwd: root, env: { ...process.env, TMPDIR: root } });
    // The temporary folder is there once the database is.
    const done = ended(child);
    await vi.waitFor(() => expect(spillsOf(root)).toHaveLength(1), { timeout: 20_000, interval: 20 });
    await new Promise((later) => setTimeout(later, 300));
    child.kill(signal);
    expect((await done).code).toBe(code);
    expect(spillsOf(root)).toEqual([]);
  });

  it('leaves a folder where nothing but a kill ends it, and the next start removes the folder', async () => {
    const run = (data: string) =>
      spawn(process.execPath, [program, 'check', 'films.tower', '--data', data], {
        cwd: root,
        env: { ...process.env, TMPDIR: root },
      });
    const child = run('endless.tower');
    const done = ended(child);
    await vi.waitFor(() => expect(spillsOf(root)).toHaveLength(1), { timeout: 20_000, interval: 20 });
    await new Promise((later) => setTimeout(later, 300));
    child.kill('SIGKILL');
    await done;
    expect(spillsOf(root)).toHaveLength(1);
    expect((await ended(run('data.tower'))).code).toBe(0);
    expect(spillsOf(root)).toEqual([]);
  });
});

describe('a signal', () => {
  let exits: unknown[];
  let said: string;
  beforeEach(() => {
    exits = [];
    said = '';
    vi.spyOn(process, 'exit').mockImplementation((code) => {
      exits.push(code);
      return undefined as never;
    });
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      said += text;
      return true;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) process.removeAllListeners(signal);
  });

  it('aborts; that `npm run` sends it once more changes nothing; another press ends immediately', () => {
    let now = 1000;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    let tidied = 0;
    const signal = interruptible(() => tidied++);
    expect(signal.aborted).toBe(false);
    process.emit('SIGINT');
    expect(signal.aborted).toBe(true);
    expect(said).toContain('press Ctrl-C again to stop now');
    now += 100;
    process.emit('SIGINT');
    expect([exits, tidied]).toEqual([[], 0]);
    now += 1000;
    process.emit('SIGINT');
    expect([exits, tidied]).toEqual([[130], 1]);
  });
});

it('a signal that comes as the work is done ends the command as well', async () => {
  const work = withInterruptSignal(async () => {
    process.emit('SIGTERM', 'SIGTERM');
    return 'done';
  });
  await expect(work).rejects.toMatchObject({ signal: 'SIGTERM' });
});
