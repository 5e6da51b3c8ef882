import type { Command } from 'commander';
import { type CompileRequest, compile } from '../../api/compile.ts';
import { allowOption, jsonOption, setOption, withExample } from '../options.ts';
import { answer, answerJson } from '../report.ts';
import { withInterruptSignal } from '../signals.ts';

interface CompileCommandOptions extends CompileRequest {
  readonly json?: boolean;
}

export function compileCommand(command: Command): void {
  command
    .argument('<model>', 'a `.tower` file')
    .requiredOption('--out <folder>', 'write the graphs into this folder')
    .addOption(allowOption())
    .addOption(setOption())
    .option('--force', 'write into a folder that is not empty')
    .addOption(jsonOption())
    .action(async (path: string, { json, ...options }: CompileCommandOptions) => {
      const { plan, files } = await withInterruptSignal((signal) => compile(path, { ...options, signal }));
      if (json) return answerJson({ model: plan.model, folder: options.out, files });
      answer(`compiled model ${plan.model} into ${options.out}:`);
      for (const file of files) answer(`  ${file}`);
    });
  withExample(command, 'tower compile models/two_tower.tower --out build/two_tower');
}
