import { existsSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { failure } from '../../../base/diagnostics/diagnostic.ts';
import type { InitAnswers, InitQuestion } from '../../../data/init/proposal.ts';
import { nextSteps } from '../../../data/init/steps_after_init.ts';
import type { EngineName } from '../../../engines/engine.ts';
import { checkpointFile } from '../../../training/artifact/checkpoint.ts';
import {
  findTables,
  firstRun,
  isForeignFile,
  type LookedFiles,
  lookAt,
  offerFit,
  proposalFor,
  proposeProject,
  type StarterProject,
  writeProject,
} from '../../api/init.ts';
import { asCalled, heading, tableOf } from '../layout.ts';
import { interruptible } from '../open_run.ts';
import { engineOption, jsonOption, wholeNumber, withExample } from '../options.ts';
import { makeProgress } from '../progress.ts';
import { answer, answerJson, answerNext, say, sayData, sayDiagnostics, sayEngine } from '../report.ts';
import { Interrupted, withInterruptSignal } from '../signals.ts';
import { guessesText } from '../table.ts';

/** True if input and output are both a terminal. */
const canAsk = (): boolean => Boolean(process.stdin.isTTY && process.stderr.isTTY);

interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

const standardTerminal: Terminal = { input: process.stdin, output: process.stderr };

/**
 * Prompts for a choice and returns its value. The most likely choice comes first, and Enter takes it. An invalid answer repeats the prompt; the end of the input takes the first choice.
 * @throws Interrupted at Ctrl-C, which answers nothing
 */
export async function askQuestion(
  question: string,
  choices: InitQuestion['choices'],
  on = standardTerminal,
): Promise<string> {
  const lines = [question, ...choices.map(({ text }, index) => `  ${index + 1}  ${text}`)];
  on.output.write(`${lines.join('\n')}\n`);
  for (;;) {
    const answerText = await answerTo(`1–${choices.length}, Enter for 1: `, on);
    if (answerText === undefined || answerText === '') return choices[0]!.value;
    const chosen =
      choices[Number(answerText) - 1] ?? choices.find(({ value }) => value.toLowerCase() === answerText.toLowerCase());
    if (chosen) return chosen.value;
  }
}

/** Prompts for some of the choices, by numbers such as `1 3`; Enter takes all. @throws Interrupted at Ctrl-C */
export async function askSome(
  question: string,
  choices: readonly string[],
  on = standardTerminal,
): Promise<readonly string[]> {
  on.output.write(`${[question, ...choices.map((text, index) => `  ${index + 1}  ${text}`)].join('\n')}\n`);
  for (;;) {
    const answerText = await answerTo('numbers such as 1 3, Enter for all: ', on);
    if (answerText === undefined || answerText === '') return choices;
    const chosen = answerText.split(/[\s,]+/).map((number) => choices[Number(number) - 1]);
    if (chosen.every((choice) => choice !== undefined)) return chosen as string[];
  }
}

/** Reads a line; undefined at the end of the input. Without a listener, readline would treat Ctrl-C as the end of the input. */
async function answerTo(prompt: string, { input, output }: Terminal): Promise<string | undefined> {
  const lines = createInterface({ input, output });
  try {
    const inputEnded = new Promise<undefined>((resolve, reject) => {
      lines.once('SIGINT', () => {
        output.write('\n');
        reject(new Interrupted('SIGINT'));
      });
      lines.once('close', () => resolve(undefined));
    });
    return (await Promise.race([lines.question(prompt), inputEnded]))?.trim();
  } finally {
    lines.close();
  }
}

interface InitCommandOptions {
  readonly out: string;
  readonly yes?: boolean;
  readonly train: boolean;
  readonly seconds: number;
  readonly engine?: EngineName;
  readonly events?: string;
  readonly user?: string;
  readonly item?: string;
  readonly time?: string;
  readonly json?: boolean;
}

export function initCommand(command: Command): void {
  command
    .argument('[files...]', 'CSV, TSV, Parquet or JSON files, or folders of them (default: those of this folder)')
    .option('--out <folder>', 'write the project into this folder', '.')
    .option('-y, --yes', 'take the likeliest answer to each question')
    .option('--no-train', 'end after the check')
    .option('--seconds <number>', 'end training after so many seconds', wholeNumber, 60)
    .option('--events <file>', 'read the events from this file')
    .option('--user <column>', 'read the user from this column of the events, or `none`')
    .option('--item <column>', 'read the item from this column of the events')
    .option('--time <column>', 'read the time from this column of the events, or `none`')
    .addOption(engineOption())
    .addOption(jsonOption())
    .action(async (paths: string[], options: InitCommandOptions) => {
      refuseWritten(options.out);
      const isAsking = options.yes !== true && options.json !== true && canAsk();
      const files = paths.length > 0 ? paths : await chooseOfferedData(isAsking);
      const lookedFiles = await withInterruptSignal((signal) => lookAt(files, signal));
      sayLook(lookedFiles);
      refuseUnknown(lookedFiles, options);
      const project = await chooseProject(lookedFiles, options, isAsking);
      const { proposal, allow } = project;
      if (!options.json) answer(guessesText(proposal));
      const writtenProject = await withInterruptSignal((signal) => writeProject(project, signal));
      for (const { from, to, rewrite, leftOut } of writtenProject.copies) {
        say(`copied ${basename(from)} to ${join(options.out, to)}, because ${rewrite.because.join(', and ')}`);
        if (leftOut > 0) say(`${leftOut.toLocaleString('en')} lines are left out of ${to}, because they are no rows`);
      }
      const { data, model, warnings } = writtenProject;
      const outcome =
        warnings === ''
          ? 'they check without an error or a warning, and a sample of the rows was read'
          : `they check, and a sample of the rows was read, with warnings:\n${warnings.trimEnd()}`;
      say(`wrote ${data} and ${model}; ${outcome}`);
      if (!options.train) {
        if (options.json) answerJson({ proposal, ...writtenProject, allow });
        else {
          const command = `tower train ${model} --out ${join(options.out, 'runs/first')}${allowText(allow)}`;
          answerNext([[command, 'train it']]);
        }
        return;
      }
      await trainFirst(project, model, options);
    });
  withExample(
    command,
    'tower init',
    'tower init ratings.csv movies.csv',
    'tower init visits.parquet --out visits --yes --no-train',
  );
}

const allowText = (allow: readonly string[]): string => allow.map((folder) => ` --allow ${folder}`).join('');

/** Returns files of the working folder: all, or those that the user chooses. */
async function chooseOfferedData(isInteractive: boolean): Promise<readonly string[]> {
  const foundPaths = findTables('.');
  if (foundPaths.length === 0) throw failure('starter-no-files', { folder: 'this folder' });
  const tables = foundPaths.filter((path) => !isForeignFile(path));
  return isInteractive && tables.length > 1 ? askSome('Which files hold your data?', tables) : foundPaths;
}

function sayLook({ tables, others: unreadableFiles }: LookedFiles): void {
  for (const { path, count, isWhole, columns, kind } of tables) {
    const rowsText = `${isWhole ? '' : 'about '}${count.toLocaleString('en')} ${count === 1 ? 'row' : 'rows'}`;
    say(`${path}: ${rowsText}${kind === 'lines' ? ' in lines of a user and items' : ` of ${columns.length} columns`}`);
  }
  for (const { path, reason } of unreadableFiles) say(`${path} is left out: ${reason}`);
}

/** Refuses existing files early, so that nobody answers questions in vain. */
function refuseWritten(out: string): void {
  for (const path of [join(out, 'data.tower'), join(out, 'model.tower')])
    if (existsSync(path)) throw failure('starter-exists', { path });
}

/** Refuses an option that names a column or file that does not exist. */
function refuseUnknown({ tables }: LookedFiles, { events, user, item, time }: InitCommandOptions): void {
  const rejectUnknownName = (what: string, name: string | undefined, knownNames: readonly string[]): void => {
    if (name !== undefined && !knownNames.includes(name))
      throw failure('unknown-name', { what, name, nearest: undefined, known: knownNames });
  };
  const columns = tables.flatMap((table) => table.columns.map(({ name }) => name));
  for (const name of [user, item, time]) if (name !== 'none') rejectUnknownName('column', name, columns);
  rejectUnknownName(
    'file',
    events,
    tables.map(({ path }) => path),
  );
}

/** Returns the project with every question answered by the user, or with the most likely answer. */
async function chooseProject(
  look: LookedFiles,
  options: InitCommandOptions,
  isInteractive: boolean,
): Promise<StarterProject> {
  const { events, user, item, time } = options;
  let answers: InitAnswers = { events, user, item, time } as InitAnswers;
  for (;;) {
    const { questions } = proposalFor(look, options.out, answers);
    const [question] = isInteractive ? questions : [];
    if (question === undefined) {
      const project = proposeProject(look, options.out, answers);
      // The proposal already has the first choice of each question.
      for (const { text, choices } of questions) say(`not asked: ${text} Taken: ${choices[0]!.text}`);
      return project;
    }
    answers = { ...answers, [question.id]: await askQuestion(question.text, question.choices) };
  }
}

/** Says how to go on after Ctrl-C: the files are written, and there may be a checkpoint. */
function continuationText(out: string, model: string, allow: readonly string[]): string {
  const hasCheckpoint = existsSync(join(out, checkpointFile));
  const command = `${asCalled('tower train')} ${model} --out ${out}${hasCheckpoint ? ' --resume' : ''}${allowText(allow)}`;
  return `stopped; the project is in ${model}. ${hasCheckpoint ? 'Continue' : 'Train'} with \`${command}\``;
}

async function trainFirst(project: StarterProject, model: string, options: InitCommandOptions): Promise<void> {
  const { proposal, allow, folder } = project;
  const out = join(folder, 'runs', 'first');
  const progress = makeProgress();
  const signal = interruptible(() => progress.end());
  const by =
    proposal.case === 'context'
      ? proposal.features.find(({ side, kind }) => side === 'query' && /^(category|id)/.test(kind))?.name
      : undefined;
  const trainedRun = await firstRun({
    model,
    out,
    signal,
    seconds: options.seconds,
    allow: allow.length > 0 ? allow : undefined,
    engine: options.engine,
    by,
    onReady({ dataset, warnings, ...choice }) {
      // The check has already reported the other warnings.
      sayDiagnostics(warnings.filter(({ code }) => code === 'empty-histories'));
      sayEngine(choice);
      sayData(dataset);
    },
    onEvent: progress.show,
    onEvaluate() {
      progress.end();
      say('ranking the test events, for the model and for simple baselines');
    },
  })
    .catch((error: unknown) => {
      progress.end();
      if (error === signal.reason) say(continuationText(out, model, allow));
      throw error;
    })
    .finally(progress.end);
  const { evaluation, verdict, better, isCut, report, user } = trainedRun;
  const { metrics, rows, protocol } = evaluation;
  const fit = await offerFit(project, trainedRun);
  const modelPath = relative('', model) || model;
  const steps = nextSteps(proposal, { run: out, model: modelPath, allow: allowText(allow), better, isCut, user, fit });
  if (options.json) return answerJson({ proposal, folder: out, verdict, report, rows, protocol, next: steps });
  const figures = rows.map(({ name, all }) => [name, ...metrics.map((label) => all[label]!.toFixed(4))]);
  answer(tableOf(['', ...metrics], figures));
  if (isCut) answer(`\nTraining ended after ${options.seconds} seconds, before its last epoch.`);
  answer(`\n${verdict}\n`);
  answer(heading('Next'));
  for (const [index, text] of steps.entries())
    answer(`${index + 1}. ${text.replaceAll('npx tower ', asCalled('tower ')).replaceAll('\n', '\n   ')}`);
  answer(`\nreport: ${report}`);
}
