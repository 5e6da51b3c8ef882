import { Command } from 'commander';
import { train } from '../../api/train.ts';
import { render } from '../../diagnostics/render.ts';
import type { EngineName } from '../../engine/engine.ts';
import { dataOption, engineOption, jsonOption, setOption, withExample } from '../options.ts';
import { makeProgress } from '../progress.ts';
import { answer, answerJson, colour, say } from '../report.ts';

interface Options {
  readonly out: string;
  readonly data?: string;
  readonly engine?: EngineName;
  readonly set: Record<string, number>;
  readonly resume?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

export function trainCommand(program: Command): void {
  const command = new Command('train')
    .description('train a model and leave it in a folder')
    .argument('<model>', 'a `.tower` file')
    .addOption(dataOption())
    .requiredOption('--out <folder>', 'folder of the run, which becomes the model')
    .addOption(engineOption())
    .addOption(setOption())
    .option('--resume', 'go on with the run that the folder holds')
    .option('--force', 'replace the run that the folder holds')
    .addOption(jsonOption())
    .action(async (path: string, { json, ...options }: Options) => {
      const interrupt = new AbortController();
      const stop = (): void => {
        // A second signal is not waited for.
        if (interrupt.signal.aborted) process.exit(130);
        interrupt.abort();
        say('\nending after this step, with a checkpoint; once more to end at once');
      };
      process.on('SIGINT', stop).on('SIGTERM', stop);
      const progress = makeProgress();
      const { status, manifest, records } = await train(path, {
        ...options,
        signal: interrupt.signal,
        onReady({ engine, skipped, dataset, warnings }) {
          if (warnings.length > 0) say(render(warnings, { colour }));
          for (const { name, reason } of skipped) say(`not the ${name} engine: ${reason}`);
          say(`engine: ${engine.name}, ${engine.version}`);
          const { train: events, validation, test } = dataset.parts;
          say(
            `data: ${events.rows} training, ${validation.rows} validation and ${test.rows} test events; ${dataset.corpus.rows} items`,
          );
          const { count, file } = dataset.rejected;
          if (count > 0)
            say(`${count} bad rows were left out${file === undefined ? '' : `; each is in ${file}, with its reason`}`);
        },
        onEvent: progress.show,
      });
      progress.end();
      if (json) return answerJson({ status, folder: options.out, training: manifest?.training, epochs: records });
      if (status === 'interrupted') {
        answer(`stopped; \`tower train ${path} … --resume\` goes on from here`);
        return;
      }
      const best = manifest?.training.best;
      answer(
        `trained into ${options.out}${best ? `: best ${best.metric} on validation ${best.value.toFixed(4)}, of epoch ${best.epoch}` : ''}`,
      );
    });
  program.addCommand(
    withExample(
      command,
      'tower train models/two_tower.tower --data models/data/movielens.tower --out runs/first',
      'tower train models/two_tower.tower --data models/data/movielens.tower --out runs/wide --set epochs=3',
    ),
  );
}
