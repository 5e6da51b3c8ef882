/** Lists every command of `tower` in the order of `tower --help`. */
import type { Command } from 'commander';
import { type AddCommand, buildProgram } from '../run.ts';
import { checkCommand } from './check_command.ts';
import { compareCommand } from './compare_command.ts';
import { compileCommand } from './compile_command.ts';
import { dataCommand } from './data_command.ts';
import { embedCommand } from './embed_command.ts';
import { enginesCommand } from './engines_command.ts';
import { evaluateCommand } from './evaluate_command.ts';
import { explainCommand } from './explain_command.ts';
import { exportCommand } from './export_command.ts';
import { formatCommand } from './format_command.ts';
import { helpCommand } from './help_command.ts';
import { importCommand } from './import_command.ts';
import { indexCommand } from './index_command.ts';
import { initCommand } from './init_command.ts';
import { inspectCommand } from './inspect_command.ts';
import { liveCommand } from './live_command.ts';
import { lspCommand } from './lsp_command.ts';
import { recommendCommand } from './recommend_command.ts';
import { reportCommand } from './report_command.ts';
import { runsCommand } from './runs_command.ts';
import { serveCommand } from './serve_command.ts';
import { trainCommand } from './train_command.ts';
import { tuneCommand } from './tune_command.ts';

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
