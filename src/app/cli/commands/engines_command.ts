import { spawnSync } from 'node:child_process';
import { type Command, Option } from 'commander';
import { findPackageFile } from '../../../base/storage/package_file.ts';
import { setUpExtension } from '../../../data/files/remote/setup.ts';
import { listEngines } from '../../../engines/engines.ts';
import { tableOf } from '../layout.ts';
import { jsonOption, withExample } from '../options.ts';
import { answer, answerAsIs, answerJson, say } from '../report.ts';

const scripts = { tensorflow: 'scripts/setup-tensorflow.mjs', torch: 'scripts/setup-torch.mjs' } as const;

const parts = [...Object.keys(scripts), 'httpfs'];

interface EnginesCommandOptions {
  readonly setup?: keyof typeof scripts | 'httpfs';
  readonly from?: string;
  readonly json?: boolean;
}

export function enginesCommand(command: Command): void {
  command
    .addOption(
      new Option(
        '--setup [part]',
        'build the native library of TensorFlow on this machine, install PyTorch, or fetch what reads object stores',
      )
        .choices(parts)
        .preset('tensorflow')
        .conflicts('json'),
    )
    .option('--from <file>', 'take this wheel for `--setup httpfs`, and fetch none')
    .addOption(jsonOption())
    .action(async ({ setup, from, json }: EnginesCommandOptions) => {
      if (setup === 'httpfs') return setUpStores(from);
      if (from !== undefined) command.error("error: option '--from' needs '--setup httpfs'");
      if (setup) {
        const { status } = spawnSync(process.execPath, [findPackageFile(scripts[setup])], { stdio: 'inherit' });
        process.exitCode = status ?? 2;
        return;
      }
      const listed = await listEngines();
      if (json) return answerJson(listed);
      const rows = listed.map((engine) => [
        engine.name,
        engine.loads ? engine.version : `does not load: ${engine.reason}`,
      ]);
      answerAsIs(tableOf(['engine', 'version'], rows));
    });
  withExample(
    command,
    'tower engines',
    'tower engines --setup',
    'tower engines --setup torch',
    'tower engines --setup httpfs',
  );
}

async function setUpStores(from: string | undefined): Promise<void> {
  const { path, wasThere } = await setUpExtension(say, { from });
  answer(wasThere ? `${path} is set up, and loads` : `${path} is set up`);
}
