import type { Command } from 'commander';
import { vi } from 'vitest';
import { loaders, makeProgram } from '../../../src/app/cli/commands/table.ts';

/** The program with the options of every command, which `tower` loads when one is called. */
export async function wholeProgram(): Promise<Command> {
  const program = makeProgram();
  for (const command of program.commands) {
    const addOptions = await loaders[command.name() as keyof typeof loaders]();
    addOptions(command);
  }
  return program;
}

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
