import { basename } from 'node:path';
import { Command, Option } from 'commander';
import { defined } from '../../defined.ts';
import { openRun, type RunOptions } from '../open_run.ts';
import {
  allowOption,
  dataOption,
  engineOption,
  jsonOption,
  keepSeenOption,
  removeSeenOption,
  seedOption,
  seenOf,
  unfinishedOption,
  withExample,
} from '../options.ts';
import { answer, answerJson } from '../report.ts';

interface Options extends RunOptions {
  readonly part?: 'validation' | 'test';
  readonly removeSeen?: boolean;
  readonly keepSeen?: boolean;
  readonly baselines?: boolean;
  readonly by?: string;
  readonly against?: string;
  readonly seed?: number;
  readonly json?: boolean;
}

export function compareCommand(program: Command): void {
  const command = new Command('compare')
    .description('a table of runs under one protocol, with intervals by user; refuses runs of other protocols')
    .argument('<run...>', 'the folders of trained models')
    .addOption(new Option('--part <part>', 'which held-out events').choices(['validation', 'test']))
    .addOption(removeSeenOption())
    .addOption(keepSeenOption())
    .option('--baselines', 'random, popularity, ItemCF and EASE beside them, told what the first run reads')
    .option('--by <feature>', 'with --baselines: popularity among events of the same value of this feature')
    .option(
      '--against <row>',
      'the row that the others are compared with: a run’s or a baseline’s name (default: the first)',
    )
    .addOption(seedOption('the bootstrap draws of the intervals depend on it (default: 1)'))
    .addOption(dataOption())
    .addOption(allowOption())
    .addOption(engineOption())
    .addOption(unfinishedOption())
    .addOption(jsonOption())
    .action(
      async (
        folders: readonly string[],
        { data, allow, engine, unfinished, json, removeSeen, keepSeen, ...request }: Options,
      ) => {
        const { compare } = await import('../../api/compare.ts');
        const options = {
          ...defined({ data, allow, engine, unfinished }),
        };
        const runs = [];
        for (const folder of folders) {
          const run = await openRun(folder, options);
          runs.push({ name: nameOf(folder, folders), run });
        }
        const comparison = await compare(runs, { ...request, ...seenOf({ removeSeen, keepSeen }) });
        if (json) return answerJson(comparison);
        const { comparisonText } = await import('../views/comparison.ts');
        answer(comparisonText(comparison));
      },
    );
  program.addCommand(withExample(command, 'tower compare runs/first runs/wide --baselines'));
}

/** The folder's own name, where no two share it. */
const nameOf = (folder: string, folders: readonly string[]): string =>
  folders.filter((other) => basename(other) === basename(folder)).length === 1 ? basename(folder) : folder;
