import { Argument, Command } from 'commander';
import type { PrepareRequest } from '../../api/scale.ts';
import {
  allowOption,
  dataOption,
  jsonOption,
  memoryFlag,
  seedOption,
  setOption,
  shardsOption,
  tablesOption,
  wholeNumber,
  withExample,
} from '../options.ts';
import { answer, answerJson, answerNext } from '../report.ts';
import { endable } from '../signals.ts';

interface ScaleCommandOptions extends PrepareRequest {
  readonly json?: boolean;
}

export function scaleCommand(program: Command): void {
  const command = new Command('scale')
    .description('write a folder from which torchrun, Slurm or Kubernetes start a training')
    .addArgument(new Argument('<action>', 'what to do: `prepare` writes the folder').choices(['prepare']))
    .argument('<model>', 'a `.tower` file')
    .addOption(dataOption().makeOptionMandatory())
    .addOption(allowOption())
    .requiredOption('--out <folder>', 'write the job into this folder')
    .option('--run <folder>', 'write the run into this folder (default: `run` in the folder of the job)')
    .requiredOption('--workers <number>', 'start this many workers', wholeNumber)
    .addOption(tablesOption())
    .addOption(memoryFlag())
    .addOption(shardsOption())
    .addOption(setOption())
    .addOption(seedOption('make all random choices with this seed'))
    .option('--force', 'write into a folder that is not empty')
    .addOption(jsonOption())
    .action(async (_: string, path: string, { json, ...options }: ScaleCommandOptions) => {
      const api = await import('../../api/scale.ts');
      const { job, files } = await endable((signal) =>
        api.prepare(path, { ...options, signal, program: process.argv[1] }),
      );
      if (json) return answerJson({ ...job, files });
      answer(`job of model ${job.model} for ${job.workers} workers in ${options.out}:`);
      for (const file of files) answer(`  ${file}`);
      answer(`a step has ${job.gathers} gathers and ${job.sums} sums between workers, and the gradients of rows`);
      answerNext([[`${options.out}/torchrun.sh`, 'start it; docs/guide/scale.md shows Slurm and Kubernetes']]);
    });
  program.addCommand(
    withExample(
      command,
      'tower scale prepare models/two_tower.tower --data models/data/movielens.tower --workers 4 --out jobs/movies',
    ),
  );
}
