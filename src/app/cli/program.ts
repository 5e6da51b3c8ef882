/** The program with every command. */
import type { Command } from 'commander';
import { commands } from './commands/table.ts';
import { buildProgram } from './run.ts';

export const makeProgram = (): Command => buildProgram(commands);
