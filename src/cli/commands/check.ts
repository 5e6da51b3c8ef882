import { Command, Option } from 'commander';
import { check } from '../../api/check.ts';
import { filesAt } from '../../api/files.ts';
import { version } from '../../api/version.ts';
import { defined } from '../../defined.ts';
import { type Diagnostic, hasErrors } from '../../diagnostics/diagnostic.ts';
import { toJson } from '../../diagnostics/json.ts';
import { render } from '../../diagnostics/render.ts';
import { positionAt } from '../../text/source.ts';
import { allowOption, dataOption, jsonOption, setOption, withExample } from '../options.ts';
import { answer, answerJson, colour, say } from '../report.ts';
import { endable } from '../signals.ts';

type Format = 'text' | 'json' | 'sarif' | 'github';

interface Options {
  readonly data?: string;
  readonly allow?: readonly string[];
  readonly set: Record<string, number>;
  readonly fix?: boolean;
  readonly format: Format;
  readonly json?: boolean;
}

export function checkCommand(program: Command): void {
  const command = new Command('check')
    .description('find every mistake that can be known before rows are read')
    .argument('<files...>', '`.tower` files, or folders of them')
    .addOption(dataOption())
    .addOption(allowOption())
    .addOption(setOption())
    .option('--fix', 'mend in the files what has one certain mend, and say what was mended')
    .addOption(
      new Option('--format <format>', 'how messages are written; all but `text` go to stdout')
        .choices(['text', 'json', 'sarif', 'github'] satisfies Format[])
        .default('text'),
    )
    .addOption(jsonOption())
    .action(async (given: string[], { data, allow, set, fix, json, ...options }: Options) => {
      const paths = filesAt(given, ['.tower']);
      const format = json ? 'json' : options.format;
      if (fix) await mend(paths, set);
      const found: Diagnostic[] = [];
      const told = new Set<string>();
      for (const path of paths) {
        const request = { set, ...defined({ data, allow }) };
        const { diagnostics, model } = await endable((signal) => check(path, { ...request, signal }));
        // What several files use is told once.
        for (const one of diagnostics) {
          const key = `${one.code} ${one.at?.source.name} ${one.at?.start} ${one.message}`;
          if (told.has(key)) continue;
          told.add(key);
          found.push(one);
        }
        if (format !== 'text' || hasErrors(diagnostics)) continue;
        answer(model ? `${path}: model ${model.name} is sound` : `${path} is sound`);
      }
      await tell(found, format);
      if (hasErrors(found)) process.exitCode = 1;
    });
  program.addCommand(
    withExample(
      command,
      'tower check models/two_tower.tower --data models/data/movielens.tower',
      'tower check models --format github',
    ),
  );
}

async function tell(found: readonly Diagnostic[], format: Format): Promise<void> {
  if (format === 'json') return answerJson(toJson(found));
  if (format === 'sarif') return answerJson((await import('../views/sarif.ts')).sarif(found, version));
  if (found.length === 0) return;
  if (format === 'github') answer((await import('../views/github.ts')).annotations(found));
  else say(render(found, { colour }));
}

async function mend(paths: readonly string[], set: Record<string, number>): Promise<void> {
  const { fixFile } = await import('../../api/fix.ts');
  for (const path of paths) {
    for (const { at, code, message } of fixFile(path, set).mended) {
      const { line, column } = at ? positionAt(at.source, at.start) : { line: 1, column: 1 };
      say(`mended ${path}:${line}:${column}: ${message} [${code}]`);
    }
  }
}
