import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { check, checkAndLower } from '../../api/check.ts';
import { failure } from '../../diagnostics/failure.ts';
import { jsonOption, setOption, withExample } from '../options.ts';
import { answer, answerJson } from '../report.ts';

interface Options {
  readonly ast?: boolean;
  readonly model?: boolean;
  readonly plan?: boolean;
  readonly graph?: boolean | string;
  readonly set: Record<string, number>;
  readonly json?: boolean;
}

export function inspectCommand(program: Command): void {
  const command = new Command('inspect')
    .description('show what a stage of the compiler made of a model; or the manifest of a trained one')
    .argument('<model|run>', 'a `.tower` file, or the folder of a trained model')
    .option('--ast', 'the tree as it was read')
    .option('--model', 'names looked up, arguments checked')
    .option('--plan', 'what feeds each graph')
    .addOption(
      new Option(
        '--graph [name]',
        'shapes, parameters, FLOPs and bytes of each block; with a name (step, or a tower) that graph, node by node',
      ),
    )
    .addOption(setOption())
    .addOption(jsonOption())
    .action(async (path: string, options: Options) => {
      if (existsSync(path) && statSync(path).isDirectory()) return inspectRun(path);
      if (options.ast) {
        const { printAst } = await import('../views/ast.ts');
        return answer(printAst((await check(path, { set: options.set })).file));
      }
      const { model, lowered } = await checkAndLower(path, { set: options.set });
      const { plan } = lowered;
      if (options.model) {
        const { printModel } = await import('../../model/print.ts');
        return answer(printModel(model));
      }
      if (options.plan) {
        const { planText, planJson } = await import('../views/plan.ts');
        return options.json ? answerJson(planJson(plan)) : answer(planText(plan));
      }
      const inspect = await import('../views/graph.ts');
      if (typeof options.graph === 'string') return answer(inspect.graphText(plan, options.graph));
      const summary = inspect.summarise(lowered);
      return options.json ? answerJson(summary) : answer(inspect.summaryText(summary));
    });
  program.addCommand(
    withExample(
      command,
      'tower inspect models/two_tower.tower --graph',
      'tower inspect models/two_tower.tower --graph step',
    ),
  );
}

async function inspectRun(folder: string): Promise<void> {
  const { readManifest } = await import('../../run/artifact/load.ts');
  if (!existsSync(join(folder, 'manifest.json')) && !existsSync(join(folder, 'run.json'))) {
    throw failure('not-a-run', { folder });
  }
  answerJson(await readManifest(folder));
}
