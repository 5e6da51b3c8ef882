/** Lists every command of `tower` in the order of `tower --help`. */
import type { Command } from 'commander';
import { type AddCommand, buildProgram } from '../run.ts';
import { checkCommand } from './check.ts';
import { compareCommand } from './compare.ts';
import { compileCommand } from './compile.ts';
import { dataCommand } from './data.ts';
import { embedCommand } from './embed.ts';
import { enginesCommand } from './engines.ts';
import { evaluateCommand } from './evaluate.ts';
import { explainCommand } from './explain.ts';
import { exportCommand } from './export.ts';
import { formatCommand } from './format.ts';
import { helpCommand } from './help.ts';
import { importCommand } from './import.ts';
import { indexCommand } from './index.ts';
import { initCommand } from './init.ts';
import { inspectCommand } from './inspect.ts';
import { liveCommand } from './live.ts';
import { lspCommand } from './lsp.ts';
import { recommendCommand } from './recommend.ts';
import { reportCommand } from './report.ts';
import { runsCommand } from './runs.ts';
import { serveCommand } from './serve.ts';
import { trainCommand } from './train.ts';
import { tuneCommand } from './tune.ts';

/** Makes the program with every command. */
export const makeProgram = (): Command => buildProgram(commands);

const commands: readonly AddCommand[] = [
  initCommand,
  importCommand,
  checkCommand,
  formatCommand,
  explainCommand,
  compileCommand,
  trainCommand,
  tuneCommand,
  evaluateCommand,
  compareCommand,
  runsCommand,
  reportCommand,
  recommendCommand,
  serveCommand,
  liveCommand,
  indexCommand,
  exportCommand,
  inspectCommand,
  enginesCommand,
  dataCommand,
  embedCommand,
  lspCommand,
  helpCommand,
];
