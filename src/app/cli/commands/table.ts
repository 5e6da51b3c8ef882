/** Lists every command of `tower`. A command is loaded when it is called, with whatever it needs, so no command waits for what another one needs. */
import type { Command } from 'commander';
import { buildProgram, type CommandLoaders } from '../run.ts';

/** Makes the program with every command. */
export const makeProgram = (): Command => buildProgram(loaders);

export const loaders: Required<CommandLoaders> = {
  init: async () => (await import('./init_command.ts')).initCommand,
  import: async () => (await import('./import_command.ts')).importCommand,
  check: async () => (await import('./check_command.ts')).checkCommand,
  format: async () => (await import('./format_command.ts')).formatCommand,
  explain: async () => (await import('./explain_command.ts')).explainCommand,
  compile: async () => (await import('./compile_command.ts')).compileCommand,
  train: async () => (await import('./train_command.ts')).trainCommand,
  tune: async () => (await import('./tune_command.ts')).tuneCommand,
  evaluate: async () => (await import('./evaluate_command.ts')).evaluateCommand,
  compare: async () => (await import('./compare_command.ts')).compareCommand,
  runs: async () => (await import('./runs_command.ts')).runsCommand,
  report: async () => (await import('./report_command.ts')).reportCommand,
  recommend: async () => (await import('./recommend_command.ts')).recommendCommand,
  serve: async () => (await import('./serve_command.ts')).serveCommand,
  live: async () => (await import('./live_command.ts')).liveCommand,
  index: async () => (await import('./index_command.ts')).indexCommand,
  export: async () => (await import('./export_command.ts')).exportCommand,
  inspect: async () => (await import('./inspect_command.ts')).inspectCommand,
  engines: async () => (await import('./engines_command.ts')).enginesCommand,
  data: async () => (await import('./data_command.ts')).dataCommand,
  embed: async () => (await import('./embed_command.ts')).embedCommand,
  lsp: async () => (await import('./lsp_command.ts')).lspCommand,
  help: async () => (await import('./help_command.ts')).helpCommand,
};
