import { type Command, Option } from 'commander';
import { type EvaluateRequest, evaluate } from '../../api/run.ts';
import { openRun, writeReportIfPossible } from '../open_run.ts';
import {
  addRunOptions,
  addSeenOptions,
  baselinesOf,
  baselinesOption,
  memoryOption,
  metricsOption,
  perOption,
  type RankingOptions,
  sampleOption,
  seenChoice,
  shardsOption,
  withExample,
} from '../options.ts';
import { answer, answerJson, sayBaselines, sayEngine } from '../report.ts';
import { evaluationText } from '../views/comparison.ts';

interface EvaluateCommandOptions extends RankingOptions, Pick<EvaluateRequest, 'part' | 'by' | 'per' | 'sample'> {
  readonly baselines?: string | boolean;
  readonly metrics?: string;
}

export function evaluateCommand(command: Command): void {
  command
    .argument('<run>', 'the folder of a trained model')
    .addOption(new Option('--part <part>', 'rank these held-out events').choices(['validation', 'test']));
  addSeenOptions(command)
    .addOption(metricsOption())
    .addOption(perOption())
    .addOption(sampleOption())
    .addOption(baselinesOption('rank with these baselines'))
    .option('--no-baselines', 'rank with the model alone')
    .option(
      '--by <feature>',
      'add popularity among events with the same value of this feature, and slices by its value',
    );
  command.addOption(memoryOption()).addOption(shardsOption());
  addRunOptions(command).action(
    async (
      folder: string,
      { data, allow, engine, unfinished, memory, shards, json, ...options }: EvaluateCommandOptions,
    ) => {
      const { removeSeen, keepSeen, baselines, ...request } = options;
      const run = await openRun(folder, { data, allow, engine, unfinished, memory, shards });
      sayEngine(await run.engine());
      const evaluation = await evaluate(run, {
        ...request,
        baselines: baselinesOf(baselines),
        removeSeen: seenChoice({ removeSeen, keepSeen }),
        onBaselines: sayBaselines,
      });
      if (json) answerJson(evaluation);
      else answer(evaluationText(evaluation));
      await writeReportIfPossible(folder, evaluation);
    },
  );
  withExample(command, 'tower evaluate runs/first', 'tower evaluate runs/first --metrics "recall(20),ndcg(20)"');
}
