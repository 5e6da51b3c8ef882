import { spawnSync } from 'node:child_process';
import { Command, Option } from 'commander';
import { packageFile } from '../../api/package_file.ts';
import { jsonOption, withExample } from '../options.ts';
import { answer, answerJson } from '../report.ts';

/** What gives this machine an engine. */
const setups = { tensorflow: 'scripts/setup-tensorflow.mjs', torch: 'scripts/setup-torch.mjs' } as const;

export function enginesCommand(program: Command): void {
  const command = new Command('engines')
    .description('list the engines that run graphs, in the order of preference')
    .addOption(
      new Option('--setup [engine]', 'build the native library of TensorFlow on this machine, or install PyTorch')
        .choices(Object.keys(setups))
        .preset('tensorflow')
        .conflicts('json'),
    )
    .addOption(jsonOption())
    .action(async ({ setup, json }: { setup?: keyof typeof setups; json?: boolean }) => {
      const { listEngines } = await import('../../engine/engines.ts');
      if (setup) {
        const { status } = spawnSync(process.execPath, [packageFile(setups[setup])], {
          stdio: 'inherit',
        });
        process.exitCode = status ?? 2;
        return;
      }
      const listed = await listEngines();
      if (json) return answerJson(listed);
      for (const engine of listed) {
        answer(`${engine.name.padEnd(11)} ${engine.loads ? engine.version : `does not load: ${engine.reason}`}`);
      }
    });
  program.addCommand(withExample(command, 'tower engines', 'tower engines --setup', 'tower engines --setup torch'));
}
