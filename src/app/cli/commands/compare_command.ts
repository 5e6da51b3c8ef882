import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { type CompareRequest, compare } from '../../api/compare.ts';
import { openRun } from '../open_run.ts';
import {
  addRunOptions,
  addSeenOptions,
  baselinesOf,
  baselinesOption,
  metricsOption,
  perOption,
  type RankingOptions,
  sampleOption,
  seedOption,
  seenChoice,
  withExample,
} from '../options.ts';
import { answer, answerJson, sayBaselines } from '../report.ts';
import { comparisonText } from '../views/comparison.ts';

interface CompareCommandOptions extends RankingOptions, Omit<CompareRequest, 'baselines' | 'metrics' | 'removeSeen'> {
  readonly baselines?: string | boolean;
  readonly metrics?: string;
}

export function compareCommand(command: Command): void {
  command
    .argument('<run...>', 'the folders of trained models')
    .addOption(new Option('--part <part>', 'rank these held-out events').choices(['validation', 'test']));
  addSeenOptions(command)
    .addOption(metricsOption())
    .addOption(perOption())
    .addOption(sampleOption())
    .addOption(baselinesOption('add these baselines, which read the data of the first run', true))
    .option('--by <feature>', 'with --baselines: add popularity among events with the same value of this feature')
    .option('--against <row>', 'compare with the row of this name, a run or a baseline (default: the first)')
    .addOption(seedOption('draw the intervals with this seed (default: 1)'));
  addRunOptions(command).action(
    async (
      folders: readonly string[],
      { data, allow, engine, unfinished, json, removeSeen, keepSeen, baselines, ...request }: CompareCommandOptions,
    ) => {
      const options = { data, allow, engine, unfinished };
      const runs = [];
      for (const folder of folders) {
        const run = await openRun(folder, options);
        runs.push({ name: nameOf(folder, folders), run });
      }
      const comparison = await compare(runs, {
        ...request,
        baselines: baselinesOf(baselines),
        removeSeen: seenChoice({ removeSeen, keepSeen }),
        onBaselines: sayBaselines,
      });
      if (json) return answerJson(comparison);
      answer(comparisonText(comparison));
    },
  );
  withExample(command, 'tower compare runs/first runs/wide --baselines');
}

/** Returns the name of a folder; the whole path if two folders have the same name. */
const nameOf = (folder: string, folders: readonly string[]): string =>
  folders.filter((otherFolder) => basename(otherFolder) === basename(folder)).length === 1 ? basename(folder) : folder;
