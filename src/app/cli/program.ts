/** The program with every command. */
import type { Command } from 'commander';
import { buildProgram } from './build_program.ts';
import { commands } from './commands/table.ts';

export const makeProgram = (): Command => buildProgram(commands);
