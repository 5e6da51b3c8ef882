import { basename } from 'node:path';
import type { Command } from 'commander';
import type { Failure } from '../../../base/diagnostics/diagnostic.ts';
import { reportFile } from '../../../training/artifact/run_manifest.ts';
import { writeReport, writeRunsReport } from '../../api/report.ts';
import { jsonOption, withExample } from '../options.ts';
import { answer, answerJson, say } from '../report.ts';

interface ReportCommandOptions {
  readonly out?: string;
  readonly json?: boolean;
}

const sayLeftOut = (_: string, { message }: Failure): void => say(`left out: ${message}`);

export function reportCommand(command: Command): void {
  command
    .argument('<run...>', 'the folders of trained models')
    .option(
      '--out <file>',
      'write the page of several runs here (default: `report.html` in the folder that holds them)',
    )
    .addOption(jsonOption())
    .action(async (folders: readonly string[], { out, json }: ReportCommandOptions, self: Command) => {
      // `runs/*` also matches the report of an earlier call.
      const runFolders = [...new Set(folders)].filter((path) => basename(path) !== reportFile);
      if (runFolders.length === 0) self.error('error: there is no folder of a run among these');
      if (runFolders.length === 1 && out !== undefined) self.error('error: `--out` needs several runs');
      const reportPath =
        runFolders.length === 1
          ? await writeReport(runFolders[0]!)
          : await writeRunsReport(runFolders, out, sayLeftOut);
      if (json) answerJson({ report: reportPath });
      else answer(`report: ${reportPath}`);
    });
  withExample(command, 'tower report runs/first', 'tower report runs/*');
}
