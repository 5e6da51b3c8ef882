import { type Command, Option } from 'commander';
import { type Diagnostic, hasErrors } from '../../../base/diagnostics/diagnostic.ts';
import { toJsonDiagnostics } from '../../../base/diagnostics/json.ts';
import { positionAt } from '../../../base/text/source.ts';
import { check, filesAt, fixFile } from '../../api/check.ts';
import { version } from '../../api/version.ts';
import { allowOption, dataOption, jsonOption, setOption, withExample } from '../options.ts';
import { answer, answerJson, say, sayDiagnostics } from '../report.ts';
import { withInterruptSignal } from '../signals.ts';
import { annotations, sarif } from '../views/sarif.ts';

type CheckFormat = 'text' | 'json' | 'sarif' | 'github';

interface CheckCommandOptions {
  readonly data?: string;
  readonly allow?: readonly string[];
  readonly set: Record<string, string>;
  readonly fix?: boolean;
  readonly format: CheckFormat;
  readonly json?: boolean;
}

export function checkCommand(command: Command): void {
  command
    .argument('<files...>', '`.tower` files, or folders of them')
    .addOption(dataOption())
    .addOption(allowOption())
    .addOption(setOption())
    .option('--fix', 'apply safe fixes and print what changed')
    .addOption(
      new Option('--format <format>', 'format of the messages; all but `text` go to stdout')
        .choices(['text', 'json', 'sarif', 'github'] satisfies CheckFormat[])
        .default('text'),
    )
    .addOption(jsonOption())
    .action(async (givenPaths: string[], { data, allow, set, fix, json, ...options }: CheckCommandOptions) => {
      const paths = filesAt(givenPaths, ['.tower']);
      const format = json ? 'json' : options.format;
      if (fix) {
        await applyFixes(paths, set);
        // Only models have settings.
        if (data && !paths.includes(data)) await applyFixes([data], {});
      }
      const foundDiagnostics: Diagnostic[] = [];
      const reportedKeys = new Set<string>();
      for (const path of paths) {
        const { diagnostics } = await withInterruptSignal((signal) => check(path, { set, data, allow, signal }));
        // A diagnostic of a file that several files use is reported once.
        for (const diagnostic of diagnostics) {
          const key = `${diagnostic.code} ${diagnostic.at?.source.name} ${diagnostic.at?.start} ${diagnostic.message}`;
          if (reportedKeys.has(key)) continue;
          reportedKeys.add(key);
          foundDiagnostics.push(diagnostic);
        }
        if (format === 'text' && !hasErrors(diagnostics)) answer(`${path}: no errors`);
      }
      await printDiagnostics(foundDiagnostics, format);
      if (hasErrors(foundDiagnostics)) process.exitCode = 1;
    });
  withExample(
    command,
    'tower check models/two_tower.tower --data models/data/movielens.tower',
    'tower check models --format github',
  );
}

async function printDiagnostics(diagnostics: readonly Diagnostic[], format: CheckFormat): Promise<void> {
  if (format === 'json') return answerJson(toJsonDiagnostics(diagnostics));
  if (format === 'sarif') return answerJson(sarif(diagnostics, version));
  if (diagnostics.length === 0) return;
  if (format === 'github') answer(annotations(diagnostics));
  else sayDiagnostics(diagnostics);
}

async function applyFixes(paths: readonly string[], set: Record<string, string>): Promise<void> {
  for (const path of paths) {
    for (const { at, code, message } of fixFile(path, set).fixed) {
      const { line, column } = at ? positionAt(at.source, at.start) : { line: 1, column: 1 };
      say(`fixed ${path}:${line}:${column}: ${message} [${code}]`);
    }
  }
}
