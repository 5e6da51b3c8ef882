import { Command } from 'commander';
import { listEngines } from '../../engine/engines.ts';
import { jsonOption, withExample } from '../options.ts';
import { answer, answerJson } from '../report.ts';

export function enginesCommand(program: Command): void {
  const command = new Command('engines')
    .description('list what can run graphs here, in the order it is chosen')
    .addOption(jsonOption())
    .action(async ({ json }: { json?: boolean }) => {
      const listed = await listEngines();
      if (json) return answerJson(listed);
      for (const engine of listed) {
        answer(`${engine.name.padEnd(11)} ${engine.loads ? engine.version : `does not load: ${engine.reason}`}`);
      }
    });
  program.addCommand(withExample(command, 'tower engines'));
}
