import { Command, Option } from 'commander';
import type { EngineName } from '../../engine/engine.ts';
import type { Evaluation } from '../../run/evaluate.ts';
import { dataOption, engineOption, jsonOption, withExample } from '../options.ts';
import { answer, answerJson, sayEngine } from '../report.ts';
import { leaveReport } from '../run_report.ts';
import { tableOf } from '../table.ts';

interface Options {
  readonly part?: 'validation' | 'test';
  readonly removeSeen?: boolean;
  readonly baselines: boolean;
  readonly by?: string;
  readonly data?: string;
  readonly engine?: EngineName;
  readonly json?: boolean;
}

export function evaluateCommand(program: Command): void {
  const command = new Command('evaluate')
    .description('rank the whole corpus for every held-out event, beside random, popularity, ItemCF and EASE')
    .argument('<run>', 'the folder of a trained model')
    .addOption(new Option('--part <part>', 'which held-out events').choices(['validation', 'test']))
    .option('--remove-seen', 'items that the user is known to have seen leave the ranking')
    .option('--no-baselines', 'the model alone')
    .option('--by <feature>', 'adds popularity among events of the same value of this feature')
    .addOption(dataOption())
    .addOption(engineOption())
    .addOption(jsonOption())
    .action(async (folder: string, { part, removeSeen, baselines, by, data, engine, json }: Options) => {
      const { evaluate, load } = await import('../../api/run.ts');
      const run = await load(folder, { ...(data === undefined ? {} : { data }), ...(engine ? { engine } : {}) });
      sayEngine(await run.engine());
      const evaluation = await evaluate(run, {
        baselines,
        ...(part ? { part } : {}),
        ...(removeSeen ? { removeSeen } : {}),
        ...(by === undefined ? {} : { by }),
      });
      if (json) answerJson(evaluation);
      else answer(evaluationText(evaluation));
      await leaveReport(folder, evaluation);
    });
  program.addCommand(withExample(command, 'tower evaluate runs/first'));
}

/** The table, with its protocol under it. */
export function evaluationText({ metrics, rows, cold, protocol }: Evaluation): string {
  const cells = (figures: Readonly<Record<string, number>>): string[] =>
    metrics.map((label) => figures[label]!.toFixed(4));
  const lines = rows.flatMap(({ name, all, warm }) => [
    [name, ...cells(all)],
    ...(cold.events > 0 ? [[`${name}, warm`, ...cells(warm)]] : []),
  ]);
  return [tableOf(['', ...metrics], lines), ...protocol.map((sentence) => `· ${sentence}`)].join('\n');
}
