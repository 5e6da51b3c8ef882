import { Command, Option } from 'commander';
import type { Trained } from '../../api/train.ts';
import { render } from '../../diagnostics/render.ts';
import type { EngineName } from '../../engine/engine.ts';
import {
  allowOption,
  dataOption,
  engineOption,
  jsonOption,
  refuseTwoSeeds,
  seedOption,
  setOption,
  withExample,
} from '../options.ts';
import { answer, answerJson, colour, say, sayEngine } from '../report.ts';
import { leaveReport } from '../run_report.ts';
import { interruptible } from '../signals.ts';

type Outcome = Pick<Trained, 'status' | 'manifest' | 'records'>;

interface Options {
  readonly out: string;
  readonly data?: string;
  readonly allow?: readonly string[];
  readonly engine?: EngineName;
  readonly set: Record<string, number>;
  readonly seed?: number;
  readonly resume?: boolean;
  readonly finish?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

export function trainCommand(program: Command): void {
  const command = new Command('train')
    .description('train a model and leave it in a folder')
    .argument('<model>', 'a `.tower` file')
    .addOption(dataOption())
    .addOption(allowOption())
    .requiredOption('--out <folder>', 'folder of the run, which becomes the model')
    .addOption(engineOption())
    .addOption(setOption())
    .addOption(
      seedOption('all random choices depend on it; the same as `--set seed=<number>` (default: the model’s, else 1)'),
    )
    .addOption(new Option('--resume', 'go on with the run that the folder holds').conflicts(['force', 'finish']))
    .addOption(
      new Option('--finish', 'train no more: the run that the folder holds becomes a model as it is').conflicts(
        'force',
      ),
    )
    .option('--force', 'replace the run that the folder holds; files that Tower did not write stay')
    .addOption(jsonOption())
    .action(async (path: string, { json, ...options }: Options) => {
      refuseTwoSeeds(command, options);
      const [{ train }, { makeProgress }] = await Promise.all([import('../../api/train.ts'), import('../progress.ts')]);
      const progress = makeProgress();
      const interrupt = interruptible(() => progress.end());
      const stopped: Outcome = { status: 'interrupted', records: [] };
      const { status, manifest, records }: Outcome = await train(path, {
        ...options,
        signal: interrupt,
        onReady({ dataset, plan, warnings, ...choice }) {
          if (warnings.length > 0) say(render(warnings, { colour }));
          sayEngine(choice);
          const { train: events, validation, test } = dataset.parts;
          say(
            `data: ${events.rows} training, ${validation.rows} validation and ${test.rows} test events; ${dataset.corpus.rows} items`,
          );
          say(`seed: ${plan.train.seed}`);
          const { count, file } = dataset.rejected;
          if (count > 0) {
            const [rows, are] = count === 1 ? ['1 bad row was', 'it is'] : [`${count} bad rows were`, 'each is'];
            say(`${rows} left out${file === undefined ? '' : `; ${are} in ${file}, with its reason`}`);
          }
        },
        onEvent: progress.show,
      })
        .catch((error: unknown) => {
          // The signal came while rows were read.
          if (error === interrupt.reason) return stopped;
          throw error;
        })
        .finally(progress.end);
      if (manifest) await leaveReport(options.out);
      if (json) answerJson({ status, folder: options.out, training: manifest?.training, epochs: records });
      else if (status === 'interrupted') {
        answer(
          manifest
            ? `stopped; \`tower train ${path} … --resume\` goes on from here, and \`--finish\` makes a model of what there is`
            : 'stopped before the first step: there is nothing to go on from',
        );
      } else {
        const best = manifest?.training.best;
        answer(
          `${status === 'stopped' ? `stopped after ${manifest!.training.steps} steps, and kept as it is, in` : 'trained into'} ${options.out}${best ? `: best ${best.metric} on validation ${best.value.toFixed(4)}, of epoch ${best.epoch}, seen ${manifest?.data.seen ?? 'kept'}` : ''}`,
        );
      }
      // Scripts must not go on with half a model: `train … && export …`.
      if (status === 'interrupted') interrupt.throwIfAborted();
    });
  program.addCommand(
    withExample(
      command,
      'tower train models/two_tower.tower --data models/data/movielens.tower --out runs/first',
      'tower train models/two_tower.tower --data models/data/movielens.tower --out runs/wide --set epochs=3 --seed 2',
    ),
  );
}
