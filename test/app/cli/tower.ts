/** The program as a user runs it: a process of its own, with what it said on each stream. */
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { vi } from 'vitest';

export const program = resolve('dist/tower.cjs');

export interface Done {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Options of node itself. */
  readonly node?: readonly string[];
  /** Called with the process, and with all of stderr whenever there is more of it. */
  readonly onStderr?: (process: ChildProcess, text: string) => void;
}

export function tower(args: readonly string[], { cwd, env, node = [], onStderr }: Surroundings = {}): Promise<Done> {
  return ended(
    spawn(process.execPath, [...node, program, ...args], {
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...process.env, NO_COLOR: '1', ...env },
    }),
    onStderr,
  );
}

export function ended(child: ChildProcess, onStderr?: Surroundings['onStderr']): Promise<Done> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (text) => (stdout += text));
  child.stderr?.on('data', (text) => {
    stderr += text;
    onStderr?.(child, stderr);
  });
  return new Promise((end) => child.on('close', (code) => end({ code, stdout, stderr })));
}

export interface StartedServer {
  readonly child: ChildProcess;
  readonly url: string;
  readonly done: Promise<Done>;
  /** Returns all of stderr so far. */
  said(): string;
}

/** Starts `tower serve` on a free port, and waits for its URL. It ends at once after SIGTERM, unless `args` have another `--drain`. */
export async function startServer(
  args: readonly string[],
  { cwd, env }: Pick<Surroundings, 'cwd' | 'env'> = {},
): Promise<StartedServer> {
  const common = ['--port', '0', '--engine', 'onnx', '--drain', '0'];
  const child = spawn(process.execPath, [program, 'serve', ...common, ...args], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
  });
  let said = '';
  const done = ended(child, (_, text) => {
    said = text;
  });
  const inTime = { timeout: 60_000, interval: 50 };
  const url = await vi.waitFor(() => /serving \S+ on (http:\S+)\s/.exec(said)![1]!, inTime);
  return { child, url, done, said: () => said };
}
