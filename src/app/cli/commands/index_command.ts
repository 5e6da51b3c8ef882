import { type Command, InvalidArgumentError } from 'commander';
import { formatPercent } from '../../../base/diagnostics/wording.ts';
import { checkIndexTarget, type IndexRequest, indexItems } from '../../api/index_items.ts';
import { openRun, type RunOptions } from '../open_run.ts';
import { addRunOptions, wholeNumber, withExample } from '../options.ts';
import { makeCountBar } from '../progress.ts';
import { answer, answerJson, say, sayEngine, sayNotes } from '../report.ts';
import { withInterruptSignal } from '../signals.ts';

interface IndexCommandOptions extends RunOptions, IndexRequest {
  readonly json?: boolean;
}

export function indexCommand(command: Command): void {
  command
    .argument('<run>', 'the folder of a trained model')
    .option(
      '--to <place>',
      'write it there: a folder, or `postgres://user@host/database` (default: `index` in the run)',
    )
    .option('--table <name>', 'name the index, and a view that shows the newest (default: `tower_items`)')
    .option('--recall <share>', 'refuse an index that finds less of the best items', shareOf, 0.99)
    .option('-k <count>', 'compare this many best items of each query', wholeNumber, 100)
    .option('--queries <count>', 'measure with this many queries of the data, at most', wholeNumber, 500)
    .option('--half', 'compare float16 numbers in PostgreSQL, in half of the memory')
    .option('--drop-older', 'drop the other indexes of this name');
  addRunOptions(command).action(async (folder: string, { json, ...options }: IndexCommandOptions) => {
    const { data, allow, engine, unfinished, ...request } = options;
    await checkIndexTarget(folder, request);
    const run = await openRun(folder, { data, allow, engine, unfinished }, 'knownRows');
    sayEngine(await run.engine());
    sayNotes(await run.notes());
    const bar = makeCountBar('items');
    const onProgress = (line: string): void => {
      // The line replaces the bar.
      bar.end();
      say(line);
    };
    const indexedItems = await withInterruptSignal((signal) =>
      indexItems(run, { ...request, onProgress, onItems: bar.count, signal }),
    ).finally(bar.end);
    await run.close();
    if (json) return answerJson(indexedItems);
    const { to, table, items, settings, certificate, dropped } = indexedItems;
    answer(
      `indexed ${items.toLocaleString('en')} items of ${folder} into ${to}${table === undefined ? '' : `, table ${table}`}`,
    );
    const { k, queries, recall, low } = certificate;
    answer(
      `finds ${formatPercent(recall, 2)} of the best ${k} items, and ${formatPercent(low, 2)} or more for 95 % of ${queries.toLocaleString('en')} queries`,
    );
    const settingTexts = Object.entries(settings).map((setting) => setting.join(' '));
    answer(`settings: ${settingTexts.join(', ')}`);
    for (const tableName of dropped) answer(`dropped table ${tableName}`);
  });
  withExample(
    command,
    'tower index runs/first',
    'tower index runs/first --to postgres://tower@db.example.org/shop',
    'tower index runs/first --to postgres:///shop --recall 0.95 --drop-older',
  );
}

function shareOf(text: string): number {
  const share = Number(text);
  if (!(share > 0 && share <= 1)) throw new InvalidArgumentError('It must be a number above 0, up to 1.');
  return share;
}
