/** Defines options that several commands share, and parses their values. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { isIdentifier } from '../../base/text/names.ts';
import type { EngineName } from '../../engines/engine.ts';
import type { WeightedFilter } from '../../retrieval/top_request.ts';
import type { BaselineChoice } from '../../training/evaluation/contestants.ts';
import type { Per } from '../../training/evaluation/ranking_questions.ts';
import { heading } from './layout.ts';
import type { RunOptions } from './open_run.ts';

export const jsonOption = (): Option => new Option('--json', 'write the answer as JSON to stdout, and nothing else');

export const dataOption = (): Option =>
  new Option('--data <file>', 'read the rows that the `data` block of this `.tower` file names');

export const memoryOption = (): Option =>
  new Option(
    '--memory <amount>',
    'use at most about this much memory, engine and tables included, such as `8G`; workers of one machine divide it (default: three quarters of the machine)',
  );

export const shardsOption = (): Option =>
  new Option(
    '--shards <folder>',
    'put training rows that do not fit in memory into this folder (default: `tower-shards` next to the run)',
  );

/** `--allow /data --allow s3://shop/`: folders on this machine or in an object store. */
export const allowOption = (): Option =>
  new Option(
    '--allow <folder>',
    'let the data block read this folder outside of its project, or this address, such as `s3://shop/`; may be repeated',
  ).argParser(appendTo);

/** Collects the values of an option that may be repeated. */
export const appendTo = (text: string, earlier: readonly string[] = []): readonly string[] => [...earlier, text];

/** Splits `title, description` into names. */
export const namesIn = (text: string): readonly string[] => text.split(',').map((name) => name.trim());

export const engineOption = (): Option =>
  new Option('--engine <name>', 'run on this engine, not on the first that loads').choices([
    'tensorflow',
    'onnx',
    'javascript',
    'torch',
  ] satisfies EngineName[]);

const maxWorkers = 1024;

export const tablesOption = (): Option =>
  new Option(
    '--tables <layout>',
    'with --workers: keep all tables on each worker, or each row on one worker (default: `replicated` where the tables fit)',
  ).choices(['replicated', 'sharded']);

export const workersOption = (): Option =>
  new Option(
    '--workers <number>',
    'use this many processes of this machine for each step; `launched` where torchrun, Slurm or Kubernetes has started them',
  ).argParser((text: string): number | 'launched' => {
    const number = Number(text);
    if (text === 'launched') return text;
    if (!Number.isInteger(number) || number < 1 || number > maxWorkers) {
      throw new InvalidArgumentError(`Write a whole number from 1 to ${maxWorkers}, or \`launched\`.`);
    }
    return number;
  });

export const trackOption = (): Option =>
  new Option(
    '--track <server>',
    'send settings, curves and files to a tracking server, such as `mlflow:http://host:5000` or `mlflow:http://host:5000#experiment`',
  );

export const metricsOption = (): Option =>
  new Option(
    '--metrics <list>',
    'measure these metrics, such as `recall(20), ndcg(20)` (default: `metrics` of the model)',
  );

/** @param isOptional true if the option may be given without names */
export const baselinesOption = (does: string, isOptional = false): Option =>
  new Option(
    `--baselines ${isOptional ? '[names]' : '<names>'}`,
    `${does}: names with commas, \`all\` or \`none\` (default: as many as take about a minute together)`,
  ).argParser((text: string): string => {
    // In `compare --baselines runs/first`, the run would be read as the name of a baseline.
    if (/[/\\]/.test(text) || existsSync(join(text, 'manifest.json'))) {
      throw new InvalidArgumentError(
        `It is a run, not a baseline. Write the run before the option: \`${text} --baselines all\`.`,
      );
    }
    return text;
  });

/** Returns `true` and `false` unchanged, and splits a text into names. */
export function baselinesOf(option: string | boolean | undefined): BaselineChoice | undefined {
  if (typeof option !== 'string') return option;
  if (option === 'all' || option === 'none') return option;
  return namesIn(option);
}

export const perOption = (): Option =>
  new Option(
    '--per <unit>',
    'average figures over users with all their held-out items, or over events (default: `evaluate` of the data block)',
  ).choices(['user', 'event'] satisfies Per[]);

export const unfinishedOption = (): Option =>
  new Option('--unfinished', 'use the model of a run that was stopped; the answer says so');

export const noCacheOption = (): Option =>
  new Option('--no-cache', 'read the data again, and keep nothing of it in the folder of the run');

/** `--set width=128 --set dense.rate=1e-3 --set encoder=wide`: the file is checked as if it had these values. */
export const setOption = (): Option =>
  new Option(
    '--set <name=value>',
    'override a constant, a declared block, an entry of `train`, or an argument, such as `dense.rate` or `task.watch.loss.temperature`; may be repeated',
  )
    .argParser((text: string, earlier: Record<string, string> | undefined): Record<string, string> => {
      const [, name, value] = /^([^\s=]+)\s*=\s*(\S.*?)\s*$/s.exec(text) ?? [];
      if (value === undefined || !name?.split('.').every(isIdentifier)) {
        throw new InvalidArgumentError('Write `name=value`, such as `width=128` or `dense.rate=1e-3`.');
      }
      return { ...earlier, [name]: value };
    })
    .default({}, 'none');

export const seedOption = (what: string): Option => new Option('--seed <number>', what).argParser(wholeNumberFrom0);

export function wholeNumberFrom0(text: string): number {
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 0.');
}

/** `--rows 1e9`: a whole number, which may be written with an exponent. */
export const countOption = (name: string, what: string): Option =>
  new Option(`--${name} <number>`, what).argParser((text: string): number => {
    if (!/^\d+(\.\d+)?(e\d+)?$/i.test(text) || !Number.isSafeInteger(Number(text)) || Number(text) < 1) {
      throw new InvalidArgumentError('It must be a whole number from 1, such as 250000 or 1e9.');
    }
    return Number(text);
  });

/** Refuses `--seed` together with a different `--set seed`, of which it is the short form. */
export function refuseTwoSeeds(
  command: Command,
  { set, seed }: { readonly set: Readonly<Record<string, string>>; readonly seed?: number },
): void {
  if (seed === undefined || set.seed === undefined || Number(set.seed) === seed) return;
  command.error(`error: option '--seed ${seed}' contradicts '--set seed=${set.seed}'. Write one of them.`);
}

/** Returns whether items that the user had before are excluded; undefined if the data block decides. */
export const seenChoice = ({ removeSeen, keepSeen }: RankingOptions): boolean | undefined =>
  removeSeen ?? (keepSeen ? false : undefined);

/** `--with origin=ATL --with history='["318","50"]'`: current values of features. */
export const withOption = (): Option =>
  new Option('--with <feature=value>', 'set the value of a feature; write a list as JSON; may be repeated')
    .argParser((text: string, earlier: Record<string, unknown> | undefined): Record<string, unknown> => {
      const [, name, value] = /^([^\s=]+)=(.*)$/s.exec(text) ?? [];
      if (value === undefined || name === undefined || !isIdentifier(name)) {
        throw new InvalidArgumentError('Write `feature=value`, such as `country=NL`.');
      }
      return { ...earlier, [name]: value.startsWith('[') ? listOf(value) : value };
    })
    .default({}, 'none');

export const weightOption = (): Option =>
  new Option(
    '--weight <task=number>',
    'set how much the score of a task of `retrieve` counts; may be repeated',
  ).argParser(numberByName('Write `task=number`, such as `like=2`.'));

/** Parses `name=number`, and adds it to the ones before. */
const numberByName =
  (advice: string) =>
  (text: string, earlier: Record<string, number> | undefined): Record<string, number> => {
    const [, name, value] = /^(.+)=([^=]+)$/s.exec(text) ?? [];
    if (name === undefined || !Number.isFinite(Number(value))) throw new InvalidArgumentError(advice);
    return { ...earlier, [name]: Number(value) };
  };

/** `--boost '0.2: year >= 2010'`: a weight and a condition. */
const weightedFilterOption = (name: 'boost' | 'bury', does: string): Option =>
  new Option(`--${name} <weight:condition>`, `${does} of items that meet a condition; may be repeated`).argParser(
    (text: string, earlier: readonly WeightedFilter[] = []): readonly WeightedFilter[] => {
      const [, weight, filter] = /^([^:]+):(.+)$/s.exec(text) ?? [];
      if (filter === undefined || !Number.isFinite(Number(weight))) {
        throw new InvalidArgumentError(`Write \`weight:condition\`, such as \`--${name} '0.2: year >= 2010'\`.`);
      }
      return [...earlier, { weight: Number(weight), filter }];
    },
  );

/** Options for the rows of the table of `src/retrieval/rerank.ts`, except for exploration, which is for users of a page. */
export const rerankOptions = (): readonly Option[] => [
  new Option('--offset <count>', 'leave out this many of the best items, which were shown before').argParser(
    wholeNumber,
  ),
  weightedFilterOption('boost', 'add a weight to the scores'),
  weightedFilterOption('bury', 'subtract a weight from the scores'),
  new Option(
    '--most <column=count>',
    'recommend at most this many items with the same value of a column of the items; may be repeated',
  ).argParser(numberByName('Write `column=count`, such as `genre=3`.')),
  new Option(
    '--diversity <share>',
    'prefer items that are unlike those before them: from 0, the order of scores, to 1',
  ).argParser(Number),
  new Option(
    '--candidates <count>',
    'choose from this many of the best items for `--most` and `--diversity` (default: 4 times -k, from 200 to 1000)',
  ).argParser(wholeNumber),
  new Option('--because <count>', 'name this many past items to which each item owes the most').argParser(wholeNumber),
];

function listOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('Write a list as JSON, such as `history=["318", "50"]`.');
  }
}

export const sampleOption = (): Option =>
  new Option(
    '--sample <count>',
    'rank for so many events or users, drawn at random, the same ones for every model of the same data (default: all)',
  ).argParser(wholeNumber);

export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) < 1) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(text);
}

/** Adds the examples at the end of the help of a command. */
export function withExample(command: Command, ...examples: readonly string[]): Command {
  return command.addHelpText(
    'after',
    () => `\n${heading('Example')}\n${examples.map((example) => `  ${example}`).join('\n')}`,
  );
}

/** Parses a port such as `8321`; 0 takes any free port. */
export function portOf(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('It must be a number up to 65535.');
  return Number(text);
}

/** Options of commands that rank items: whether items that the user already had are excluded. */
export interface RankingOptions extends RunOptions {
  readonly json?: boolean;
  readonly removeSeen?: boolean;
  readonly keepSeen?: boolean;
}

export const asOfOption = (): Option =>
  new Option(
    '--as-of <moment>',
    'read the events of users up to the part `validation` or `test`, as an evaluation does, or up to a moment such as 2018-09-01 (default: all)',
  );

export function addRunOptions(command: Command): Command {
  const options = [dataOption(), allowOption(), engineOption(), unfinishedOption(), jsonOption()];
  for (const option of options) command.addOption(option);
  return command;
}

/** Adds the options `--remove-seen` and `--keep-seen`. */
export function addSeenOptions(command: Command): Command {
  const excludes = 'exclude items that the user had before, whatever the data block declares';
  return command
    .addOption(new Option('--remove-seen', excludes).conflicts('keepSeen'))
    .option('--keep-seen', 'keep items that the user had before, whatever the data block declares');
}
