/** A `tower serve` of its own for a bench. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

export interface ServerProcess {
  readonly child: ChildProcess;
  readonly url: string;
  /** Milliseconds until it listened. */
  readonly startTime: number;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export async function startServer(args: readonly string[]): Promise<ServerProcess> {
  const began = performance.now();
  const child = spawn(process.execPath, ['dist/cli.js', 'serve', ...args, '--port', '0', '--no-log'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  for await (const text of child.stderr!.iterator({ destroyOnReturn: false })) {
    said += text;
    const url = /serving .* on (http:\S+)/.exec(said)?.[1];
    if (url === undefined) continue;
    child.stderr!.resume();
    return {
      ...{ child, url, startTime: performance.now() - began },
      async stop(signal = 'SIGTERM') {
        const exit = once(child, 'exit');
        child.kill(signal);
        await exit;
      },
    };
  }
  throw new Error(said);
}

/** Returns the milliseconds of the processor that a process has used. */
export function processorTime({ pid }: ChildProcess): number {
  const times = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ');
  return 10 * (Number(times[13]) + Number(times[14]));
}
