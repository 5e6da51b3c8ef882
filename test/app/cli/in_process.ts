import { vi } from 'vitest';
import { makeProgram } from '../../../src/app/cli/commands/table.ts';

/** Runs a command in this process: what it writes to each stream, and what it throws. */
export async function inProcess(
  ...args: readonly string[]
): Promise<{ written: string; said: string; thrown: unknown }> {
  let written = '';
  let said = '';
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((written += text))),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((said += text))),
  ];
  const thrown = await makeProgram()
    .parseAsync(args, { from: 'user' })
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  for (const spy of spies) spy.mockRestore();
  return { written, said, thrown };
}
