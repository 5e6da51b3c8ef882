import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import {
  type Diagnostic,
  diagnose,
  Failure,
  type Outcome,
  throwFileError,
} from '../../../base/diagnostics/diagnostic.ts';
import { toJsonDiagnostics } from '../../../base/diagnostics/json.ts';
import { filesToFormat, format, formatFile } from '../../api/format.ts';
import { jsonOption, withExample } from '../options.ts';
import { answer, answerJson, sayDiagnostics } from '../report.ts';

interface FormatCommandOptions {
  readonly check?: boolean;
  readonly json?: boolean;
}

export function formatCommand(command: Command): void {
  command
    .argument('<files...>', '`.tower` files, Markdown pages with `tower` fences, or folders of both; `-` reads stdin')
    .option('--check', 'write nothing; list the files that are not formatted, and exit with 1')
    .addOption(jsonOption())
    .action(async (paths: string[], { check = false, json = false }: FormatCommandOptions) => {
      if (paths.includes('-')) return fromStdin();
      const files = filesToFormat(paths).map((path) => formatFile(path, !check));
      const answers = files.map(({ path, source, output, diagnostics }) => {
        const isChanged = output !== undefined && output !== source.text;
        if (isChanged && !check) write(path, output);
        const unformatted = isChanged && check ? [diagnose('not-formatted', undefined, { path })] : diagnostics;
        return { file: path, changed: isChanged, diagnostics: unformatted };
      });
      const allDiagnostics = answers.flatMap(({ diagnostics }) => diagnostics);
      if (json) answerJson(answers.map((file) => ({ ...file, diagnostics: toJsonDiagnostics(file.diagnostics) })));
      else print(answers, allDiagnostics, check);
      if (allDiagnostics.length > 0) process.exitCode = 1;
    });
  withExample(command, 'tower format models docs', 'tower format --check models/two_tower.tower');
}

function print(
  answers: readonly { readonly file: string; readonly changed: boolean }[],
  diagnostics: readonly Diagnostic[],
  check: boolean,
): void {
  if (!check) for (const { file } of answers.filter(({ changed }) => changed)) answer(`formatted ${file}`);
  if (diagnostics.length > 0) sayDiagnostics(diagnostics);
  else if (!answers.some(({ changed }) => changed)) {
    answer(`${answers.length === 1 ? answers[0]!.file : `${answers.length} files`}: already formatted`);
  }
}

async function fromStdin(): Promise<void> {
  const { output, diagnostics }: Outcome<string | undefined> = format(readFileSync(0, 'utf8'), '<stdin>');
  if (output === undefined) throw new Failure(diagnostics);
  process.stdout.write(output);
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throwFileError('cannot-write', path, error);
  }
}
