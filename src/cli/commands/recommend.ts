import { Command, Option } from 'commander';
import type { Item } from '../../run/recommend.ts';
import { openRun, type RunOptions } from '../open_run.ts';
import {
  allowOption,
  dataOption,
  engineOption,
  jsonOption,
  unfinishedOption,
  wholeNumber,
  withExample,
} from '../options.ts';
import { answer, answerJson, sayEngine } from '../report.ts';

interface Options extends RunOptions {
  readonly user: string;
  readonly k: number;
  readonly keepSeen?: boolean;
  readonly json?: boolean;
}

/** Items of the user's history that are shown. */
const shownHistory = 10;

export function recommendCommand(program: Command): void {
  const command = new Command('recommend')
    .description('answer the best items for a user, beside what the user had before')
    .argument('<run>', 'the folder of a trained model')
    .requiredOption('--user <key>', 'key of the tower that asks')
    .addOption(new Option('-k <count>', 'how many items').argParser(wholeNumber).default(10))
    .option('--keep-seen', 'items of the user’s training events stay among the answers')
    .addOption(dataOption())
    .addOption(allowOption())
    .addOption(engineOption())
    .addOption(unfinishedOption())
    .addOption(jsonOption())
    .action(async (folder: string, { user, k, keepSeen, json, ...options }: Options) => {
      const { recommend } = await import('../../api/run.ts');
      const run = await openRun(folder, options);
      sayEngine(await run.engine());
      const { items, history, notes } = await recommend(run, { user, k, removeSeen: !keepSeen });
      if (json) return answerJson({ user, items, history, notes });
      for (const note of notes) answer(note);
      if (history.length > 0) {
        answer(`\nthe latest of ${history.length} in the history:`);
        for (const item of history.slice(0, shownHistory)) answer(`          ${named(item)}`);
      }
      answer('\nbest first:');
      for (const [index, item] of items.entries()) {
        answer(`  ${String(index + 1).padStart(2)}  ${item.score.toFixed(3)}  ${named(item)}`);
      }
    });
  program.addCommand(withExample(command, 'tower recommend runs/first --user 42 -k 10'));
}

const named = ({ key, title }: Item): string => (title === undefined ? key : `${title} (${key})`);
