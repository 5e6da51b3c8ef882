/** The program as a user runs it: a process of its own, with what it said on each stream. */
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';

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
