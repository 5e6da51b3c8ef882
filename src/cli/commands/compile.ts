import { Command } from 'commander';
import { jsonOption, setOption, withExample } from '../options.ts';
import { answer, answerJson } from '../report.ts';

interface Options {
  readonly out: string;
  readonly set: Record<string, number>;
  readonly force?: boolean;
  readonly json?: boolean;
}

export function compileCommand(program: Command): void {
  const command = new Command('compile')
    .description('write the static graphs of a model: the training step and each tower')
    .argument('<model>', 'a `.tower` file')
    .requiredOption('--out <folder>', 'where to write them')
    .addOption(setOption())
    .option('--force', 'write into a folder that is not empty')
    .addOption(jsonOption())
    .action(async (path: string, { out, set, force, json }: Options) => {
      const { compile } = await import('../../api/compile.ts');
      const { plan, files } = await compile(path, { out, set, ...(force ? { force } : {}) });
      if (json) return answerJson({ model: plan.model, folder: out, files });
      answer(`model ${plan.model}, compiled into ${out}:`);
      for (const file of files) answer(`  ${file}`);
    });
  program.addCommand(withExample(command, 'tower compile models/two_tower.tower --out build/two_tower'));
}
