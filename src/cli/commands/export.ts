import { Command } from 'commander';
import { defined } from '../../defined.ts';
import { jsonOption, unfinishedOption, withExample } from '../options.ts';
import { answer, answerJson } from '../report.ts';

interface Options {
  readonly out: string;
  readonly force?: boolean;
  readonly unfinished?: boolean;
  readonly json?: boolean;
}

export function exportCommand(program: Command): void {
  const command = new Command('export')
    .description('write each tower for TensorFlow.js, ONNX Runtime and TensorFlow')
    .argument('<run>', 'the folder of a trained model')
    .requiredOption('--out <folder>', 'write the towers into this folder')
    .option('--force', 'write into a folder that is not empty')
    .addOption(unfinishedOption())
    .addOption(jsonOption())
    .action(async (folder: string, { out, force, unfinished, json }: Options) => {
      const { exportTowers, load } = await import('../../api/run.ts');
      const run = await load(folder, defined({ unfinished }));
      const { serving, files } = await exportTowers(run, { out, ...defined({ force }) });
      if (json) return answerJson({ folder: out, files, serving });
      const { status, epochs, steps } = serving.training;
      const half = status === 'interrupted' || status === 'stopped';
      answer(
        `exported model ${serving.model} into ${out}${half ? ` (unfinished: stopped after ${epochs} epochs and ${steps} steps)` : ''}:`,
      );
      for (const file of files) answer(`  ${file}`);
    });
  program.addCommand(withExample(command, 'tower export runs/first --out exported/'));
}
