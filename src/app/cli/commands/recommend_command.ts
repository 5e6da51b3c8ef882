import type { Command } from 'commander';
import type { Item, RerankEntries } from '../../../retrieval/top_request.ts';
import { type RecommendRequest, recommend } from '../../api/run.ts';
import { heading } from '../layout.ts';
import { openRun } from '../open_run.ts';
import {
  addRunOptions,
  addSeenOptions,
  asOfOption,
  noCacheOption,
  type RankingOptions,
  rerankOptions,
  seenChoice,
  weightOption,
  wholeNumber,
  withExample,
  withOption,
} from '../options.ts';
import { answer, answerJson, notesText, sayEngine } from '../report.ts';

interface RecommendCommandOptions
  extends RankingOptions,
    Pick<RecommendRequest, 'user' | 'filter' | 'exclude'>,
    Omit<RerankEntries, 'exploration'> {
  readonly with: Record<string, unknown>;
  readonly k: number;
  readonly average?: true | readonly string[];
  readonly weight?: Readonly<Record<string, number>>;
}

const maxShownHistory = 10;

export function recommendCommand(command: Command): void {
  command
    .argument('<run>', 'the folder of a trained model')
    .option('--user <key>', 'recommend for this key of the query tower')
    .addOption(withOption())
    .option('-k <count>', 'recommend this many items', wholeNumber, 10)
    .option('--filter <condition>', 'recommend only items whose columns meet a condition')
    .option('--exclude <keys...>', 'remove the items with these keys from the answer')
    .option(
      '--average [features...]',
      'answer a user without events by the average of users, above all of those with the same values of these features',
    )
    .addOption(weightOption())
    .addOption(asOfOption())
    .addOption(noCacheOption());
  for (const option of rerankOptions()) command.addOption(option);
  addSeenOptions(command);
  addRunOptions(command).action(
    async (
      folder: string,
      { data, allow, engine, unfinished, cache, asOf: moment, json, ...options }: RecommendCommandOptions,
    ) => {
      const { user, with: values, removeSeen, keepSeen, weight: weights, average, ...request } = options;
      if (user === undefined && Object.keys(values).length === 0) {
        command.error('error: the query is missing: give `--user <key>`, or `--with <feature=value>`, or both');
      }
      const run = await openRun(folder, { data, allow, engine, unfinished, cache, asOf: moment }, 'recommender');
      sayEngine(await run.engine());
      const { items, history, notes, asOf } = await recommend(run, {
        ...request,
        user,
        values,
        weights,
        average: average === true ? [] : average,
        removeSeen: seenChoice({ removeSeen, keepSeen }),
      });
      if (json) return answerJson({ user, asOf, items, history, notes });
      answer(notesText([...notes, ...(asOf === undefined ? [] : [`the answer knows the events up to ${asOf}`])]));
      if (history.length > 0) {
        const title = run.trained.manifest.data.until ? 'History, latest of' : 'History, some of';
        answer(`\n${heading(`${title} ${history.length.toLocaleString('en')}`)}`);
        for (const item of history.slice(0, maxShownHistory)) answer(`          ${named(item)}`);
      }
      answer(`\n${heading('Best first')}`);
      for (const [index, item] of items.entries()) {
        answer(`  ${String((request.offset ?? 0) + index + 1).padStart(2)}  ${item.score.toFixed(3)}  ${named(item)}`);
        for (const cause of item.because ?? []) answer(`          + ${cause.score.toFixed(3)} by ${named(cause)}`);
      }
    },
  );
  withExample(
    command,
    'tower recommend runs/first --user 42 -k 10',
    'tower recommend runs/flights --with origin=ATL --with hour=17',
    'tower recommend runs/first --user 42 --exclude 318 50',
  );
}

const named = ({ key, title }: Item): string => (title === undefined || title === key ? key : `${title} (${key})`);
