import type { Command } from 'commander';
import { countText } from '../../../base/diagnostics/wording.ts';
import { exportPage } from '../../api/export_page.ts';
import { type ExportRequest, exportTowers, exportWeights, load } from '../../api/run.ts';
import { tableOf } from '../layout.ts';
import { openRun, type RunOptions } from '../open_run.ts';
import {
  allowOption,
  dataOption,
  engineOption,
  jsonOption,
  namesIn,
  unfinishedOption,
  withExample,
} from '../options.ts';
import { answer, answerAsIs, answerJson, sayNotes } from '../report.ts';

interface ExportCommandOptions extends RunOptions, ExportRequest {
  readonly json?: boolean;
  readonly browser?: boolean;
  readonly exact?: boolean;
  /** Names, separated by commas. */
  readonly columns?: string;
}

export function exportCommand(command: Command): void {
  command
    .argument('<run>', 'the folder of a trained model')
    .requiredOption('--out <folder>', 'write the towers into this folder')
    .option('--force', 'write into a folder that is not empty')
    .option('--browser', 'write a folder that pages, workers and Node.js open without a server, in place of the towers')
    .option(
      '--columns <names>',
      'let pages filter by these columns of the items file, and show them: names with commas',
    )
    .option('--exact', 'write the numbers of items and tables in four bytes each, not in one, with `--browser`')
    .option('--index', 'write the vectors of all items as well, as NumPy and Parquet read them')
    .addOption(dataOption())
    .addOption(allowOption())
    .addOption(engineOption())
    .addOption(unfinishedOption())
    .addOption(jsonOption())
    .action(async (folder: string, options: ExportCommandOptions) => {
      const { out, force, index, data, allow, engine, unfinished, json } = options;
      if (options.browser) return exportForBrowser(folder, options);
      for (const name of ['columns', 'exact'] as const)
        if (options[name] !== undefined) command.error(`error: option '--${name}' needs the option '--browser'.`);
      const run = await load(folder, { data, allow, engine, unfinished });
      if (run.trained.plan.fitted && !index) {
        const description = await exportWeights(run, { out, force });
        if (json) return answerJson({ folder: out, ...description });
        return answer(
          `exported ${description.rows.toLocaleString('en')} weights of model ${description.model} into ${out}`,
        );
      }
      const { serving, files } = await exportTowers(run, { out, force, index });
      // The vectors are those of the items of today.
      if (index) sayNotes(await run.notes());
      if (json) return answerJson({ folder: out, files, serving });
      const { status, epochs, steps } = serving.training;
      const isUnfinished = status === 'interrupted' || status === 'stopped';
      answer(
        `exported model ${serving.model} into ${out}${isUnfinished ? ` (unfinished: stopped after ${epochs} epochs and ${steps} steps)` : ''}:`,
      );
      for (const file of files) answer(`  ${file}`);
    });
  withExample(
    command,
    'tower export runs/first --index --out exported/',
    'tower export runs/first --browser --columns year,genres --out site/films',
  );
}

async function exportForBrowser(
  folder: string,
  { out, force, json, columns, exact, ...ofRun }: ExportCommandOptions,
): Promise<void> {
  const run = await openRun(folder, ofRun, 'knownRows');
  const chosenColumns = columns === undefined ? undefined : namesIn(columns);
  const { index, files, users, known } = await exportPage(run, { out, force, exact, columns: chosenColumns });
  await run.close();
  if (json) return answerJson({ folder: out, index, files });
  sayNotes(index.notes);
  answer(`exported model ${index.model} for pages and workers into ${out}:`);
  const fileSizes = Object.entries(files).map(([file, bytes]) => [file, bytes.toLocaleString('en')]);
  answerAsIs(tableOf(['file', 'bytes'], fileSizes));
  if (users > 0) sayNotes([`the folder has the keys of ${countText(users, 'user')}: a page shows all that it fetches`]);
  if (chosenColumns === undefined && known.length > 0) sayNotes([`for filters add \`--columns\`: ${known.join(', ')}`]);
}
