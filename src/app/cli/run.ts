/**
 * Runs the program. Each command is a file under `commands/`, which is loaded when the command is called.
 *
 * Exit codes: 0 done, 1 the user's input is wrong, 2 our failure; 130, 143 and 129 where SIGINT (Ctrl-C), SIGTERM or SIGHUP ended it.
 */
import { Command, CommanderError } from 'commander';
import { describeSystemError, diagnose, Failure, failure } from '../../base/diagnostics/diagnostic.ts';
import { toJsonDiagnostics } from '../../base/diagnostics/json.ts';
import { version } from '../api/version.ts';
import { heading, pageOf, pairOf, wrapWords } from './layout.ts';
import { withExample } from './options.ts';
import { answerAsIs, answerJson, say, sayDiagnostics } from './report.ts';
import { endBy, endIfStuck, Interrupted } from './signals.ts';

export async function run(program: Command): Promise<void> {
  handleClosedStreams();
  process.on('uncaughtException', (error) => process.exit(reportFailure(error)));
  try {
    if (process.argv.length === 2) {
      const { nextStepsText, projectFiles } = await import('./next_steps.ts');
      return answerAsIs(nextStepsText(await projectFiles('.')));
    }
    await program.parseAsync();
  } catch (error) {
    if (error instanceof Interrupted) endBy(error);
    // Commander has already written help or the version.
    process.exitCode = error instanceof CommanderError ? (error.exitCode === 0 ? 0 : 1) : reportFailure(error);
    if (!(error instanceof CommanderError)) endIfStuck();
  }
}

/**
 * Handles closed streams. `tower inspect … | head` ends without a message when `head` has read enough. A full disk under stdout is a failure. Errors of stderr
 * are ignored, so a training still writes its model after its terminal has closed.
 */
function handleClosedStreams(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    const outputReason = describeSystemError(error);
    if (outputReason === undefined) throw error;
    sayDiagnostics(failure('cannot-write', { path: 'standard output', reason: outputReason }).diagnostics);
    process.exit(1);
  });
  process.stderr.on('error', () => {});
}

/** Reports a thrown error. Returns the exit code. */
function reportFailure(error: unknown): 1 | 2 {
  const json = process.argv.includes('--json');
  if (error instanceof Failure) {
    if (json) answerJson(toJsonDiagnostics(error.diagnostics));
    else sayDiagnostics(error.diagnostics);
    return 1;
  }
  const [reason, trace] = error instanceof Error ? [error.message, error.stack] : [String(error), String(error)];
  const ours = diagnose('internal', undefined, { reason });
  if (json) answerJson(toJsonDiagnostics([ours]));
  else sayDiagnostics([ours]);
  say(`${trace}`);
  return 2;
}

/** Cells of a line of help, which is wrapped in a file too. */
const helpWidth = (): number => pageOf(process.stdout).columns ?? 80;

const exitCodes =
  'Exit codes: 0 success, 1 a mistake in the input, 2 a failure of Tower itself, 130 stopped by Ctrl-C (143 by SIGTERM, 129 by SIGHUP).';

/** The commands in the order of `tower --help`, and what each does. */
const summaries = {
  init: 'write a data block and a model for files of your own, train the model for a minute and evaluate it',
  import: 'convert a config of EasyRec or TorchEasyRec, and list what could not be converted',
  check: 'find mistakes in models and data blocks, without reading rows',
  format: 'format files in the standard format of Tower',
  explain: 'explain a message by its code, a kind by its name, or a word of the language',
  compile: 'write the static graphs of a model: the training step and each tower',
  train: 'train a model and write the run into a folder',
  tune: 'find better values for what the `search` of a model names',
  evaluate: 'rank all items for every held-out event, and compare with baselines',
  compare: 'compare runs that were measured in the same way, with intervals over users',
  runs: 'list the runs in a folder, send them to a tracking server, and remove those that are not needed',
  report: 'write the report of a run again, or one report of several runs',
  recommend: 'recommend items for a user, and show the history of the user',
  serve: 'answer requests for recommendations over HTTP',
  live: 'evaluate the serving version on the new events, train the next version on them, and publish it',
  index: 'write an index of the items into a folder, or into a PostgreSQL database with pgvector',
  export: 'write each tower for TensorFlow.js, ONNX Runtime and TensorFlow; weights from item to item as Parquet',
  inspect: 'show a stage of the compiler, or the manifest of a trained model',
  engines: 'list the engines that run graphs, in the order of preference',
  data: 'fetch a data set, or make it from its original files',
  embed: 'compute a vector for the text of each row of a file, by an endpoint or a model on this machine',
  lsp: 'start the language server for editors, over stdin and stdout',
  help: 'show the help of a command',
} as const;

type CommandName = keyof typeof summaries;

/** Loads the file of a command. What comes back adds its arguments, options and action. */
type LoadCommand = () => Promise<(command: Command) => void>;

export type CommandLoaders = Partial<Record<CommandName, LoadCommand>>;

/** Makes the program for commander. It loads a command when it is called. Mistakes of the command line become diagnostics. */
export function buildProgram(loaders: CommandLoaders): Command {
  const program = new Command('tower')
    .description('Declare, check, train, evaluate and export retrieval models.')
    .version(version)
    .helpCommand(false)
    .hook('preSubcommand', async (_, command) => {
      (await loaders[command.name() as CommandName]!())(command);
    });
  for (const [name, summary] of Object.entries(summaries))
    if (Object.hasOwn(loaders, name)) program.command(name).description(summary);
  withExample(
    program,
    'tower check models/two_tower.tower --data models/data/movielens.tower',
    'tower train --help',
  ).addHelpText('after', () => `\n${wrapWords(exitCodes, helpWidth())}`);
  for (const command of [program, ...program.commands]) {
    command
      .configureOutput({
        outputError: () => {},
        getOutHelpWidth: helpWidth,
        getOutHasColors: () => pageOf(process.stdout).colour,
      })
      .configureHelp({
        styleTitle: (title) => heading(title.replace(/:$/, '')),
        formatItem(term, termWidth, description) {
          return pairOf(term, description, termWidth, this.helpWidth);
        },
      })
      .exitOverride((error) => throwAsFailure(command, error));
  }
  return program;
}

/** What to do in place of commands and options that were taken away. */
const removed: Readonly<Record<string, string>> = {
  '--canary': 'start a second server with the other run, and let a proxy split the requests between the two',
  '--share': 'start two servers, and let a proxy split the requests between them',
  '--kind': 'leave it out: an index in a folder is of lists, and one with `--to postgres://…` is a graph of pgvector',
  scale: 'let torchrun start `tower train … --workers launched --resume=auto`',
  '--track': 'send a run afterwards, with `tower runs RUN --track mlflow:…`',
  shards: 'run `tower train … --memory 8G`, which writes shards where rows do not fit',
};

/** Turns an error of commander into a Failure. Help and the version are no errors, so they are rethrown unchanged. */
function throwAsFailure(command: Command, error: CommanderError): never {
  if (error.exitCode === 0 || error.code === 'commander.help') throw error;
  const [first, ...rest] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = /^\(Did you mean (?:one of )?(.*)\?\)$/.exec(rest.at(-1) ?? '')?.[1];
  const [, word = ''] = /^unknown (?:command|option) '([^']*)'/.exec(first!) ?? [];
  throw failure('command-line', {
    message: first!.replaceAll(/'([^']*)'/g, '`$1`').replace(/\.$/, ''),
    suggestion,
    instead: Object.hasOwn(removed, word) ? removed[word] : undefined,
    command: command.parent ? `${command.parent.name()} ${command.name()}` : command.name(),
  });
}
