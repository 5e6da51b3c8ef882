import { Command, Option } from 'commander';
import type { Trained } from '../../api/train.ts';
import { render } from '../../diagnostics/render.ts';
import type { EngineName } from '../../engine/engine.ts';
import { interruptible } from '../interruptible.ts';
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

type Outcome = Pick<Trained, 'status' | 'manifest' | 'records'>;

interface Options {
  readonly out: string;
  readonly data?: string;
  readonly allow?: readonly string[];
  readonly engine?: EngineName;
  readonly set: Record<string, string>;
  readonly seed?: number;
  readonly resume?: boolean;
  readonly finish?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

export function trainCommand(program: Command): void {
  const command = new Command('train')
    .description('train a model and write the run into a folder')
    .argument('<model>', 'a `.tower` file')
    .addOption(dataOption())
    .addOption(allowOption())
    .requiredOption('--out <folder>', 'write the run into this folder')
    .addOption(engineOption())
    .addOption(setOption())
    .addOption(
      seedOption(
        'make all random choices with this seed; the same as `--set seed=<number>` (default: the seed of the model, or 1)',
      ),
    )
    .addOption(new Option('--resume', 'continue the run in the folder').conflicts(['force', 'finish']))
    .addOption(new Option('--finish', 'end the run in the folder without further training').conflicts('force'))
    .option('--force', 'replace the run in the folder; files that Tower did not write remain')
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
            const rows = count === 1 ? '1 invalid row' : `${count} invalid rows`;
            say(`excluded ${rows}${file === undefined ? '' : `; ${file} has the reason of each`}`);
          }
        },
        onEvent: progress.show,
      })
        .catch((error: unknown) => {
          // The signal came while Tower read rows.
          if (error === interrupt.reason) return stopped;
          throw error;
        })
        .finally(progress.end);
      if (manifest) await leaveReport(options.out);
      if (json) answerJson({ status, folder: options.out, training: manifest?.training, epochs: records });
      else if (status === 'interrupted') {
        answer(
          manifest
            ? `stopped; continue with \`tower train ${path} … --resume\`, or end the run as it is with \`--finish\``
            : 'stopped before the first step, so there is nothing to resume',
        );
      } else {
        const best = manifest?.training.best;
        answer(
          `${status === 'stopped' ? `ended after ${manifest!.training.steps} steps, as it is, in` : 'trained into'} ${options.out}${best ? `: best ${best.metric} on validation ${best.value.toFixed(4)} in epoch ${best.epoch}, seen items ${manifest?.data.seen ?? 'kept'}` : ''}`,
        );
      }
      // Scripts such as `train … && export …` must not continue with an unfinished model.
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
