import { Command } from 'commander';
import { jsonOption, withExample } from '../options.ts';
import { answer, answerJson } from '../report.ts';

interface Options {
  readonly out: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

export function exportCommand(program: Command): void {
  const command = new Command('export')
    .description('write each tower for TensorFlow.js, ONNX Runtime and TensorFlow')
    .argument('<run>', 'the folder of a trained model')
    .requiredOption('--out <folder>', 'where to write them')
    .option('--force', 'write into a folder that is not empty')
    .addOption(jsonOption())
    .action(async (folder: string, { out, force, json }: Options) => {
      const { exportTowers, load } = await import('../../api/run.ts');
      const { serving, files } = await exportTowers(await load(folder), { out, ...(force ? { force } : {}) });
      if (json) return answerJson({ folder: out, files, serving });
      answer(`model ${serving.model}, exported into ${out}:`);
      for (const file of files) answer(`  ${file}`);
    });
  program.addCommand(withExample(command, 'tower export runs/first --out exported/'));
}
