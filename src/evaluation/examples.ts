/** Some users of an evaluation: what they had, what they held out, and what the model puts first. For people, who see more in ten answers than in a mean. */
import type { BagColumn } from '../data/dataset.ts';
import { defined } from '../defined.ts';
import { makeRandom } from '../random/random.ts';
import type { Scorer, ScoringTask } from '../scoring/scorer.ts';
import { questionsOf } from './questions.ts';
import { rankEvents } from './ranks.ts';
import { overRows, scorerOverRows } from './sample.ts';

export interface ExampleItem {
  readonly key: string;
  readonly title?: string;
}

export interface Example {
  /** Absent where the query has no key. */
  readonly user?: string;
  /** The latest first. */
  readonly history: readonly ExampleItem[];
  /** How many items the history holds in all. */
  readonly had: number;
  /** Items that were held out, and the rank of each; no rank: the item cannot be ranked. */
  readonly held: readonly (ExampleItem & { readonly rank?: number })[];
  /** The best of the ranking, the first first. */
  readonly answers: readonly (ExampleItem & { readonly isHeld: boolean })[];
}

const mostExamples = 10;
const shownAnswers = 10;
const shownHistory = 10;
const shownHeld = 5;
/** Sets these draws apart from all others. */
const exampleStream = 0x3e5d;

/** Of different users, drawn from a fixed seed: the same for every model of the same data, so that runs can be compared by eye. */
export async function examplesOf(task: ScoringTask, scorer: Scorer, removeSeen: boolean): Promise<readonly Example[]> {
  const { asks, held } = questionsOf(task);
  const { events, users, corpus } = task;
  const chosen: number[] = [];
  const known = new Set<number>();
  for (const question of makeRandom(1, exampleStream).permutation(asks.length)) {
    if (chosen.length === mostExamples) break;
    const user = events.user[asks[question]!]!;
    const isRanked = [...bag(held, question)].some((row) => events.item[row]! >= 0);
    if (!isRanked || (user >= 0 && known.has(user))) continue;
    known.add(user);
    chosen.push(question);
  }
  const rowsOf = chosen.map((question) => [...bag(held, question)]);
  const rows = Int32Array.from(rowsOf.flat());
  if (rows.length === 0) return [];
  // The scorer knows the rows of the whole task.
  const some = overRows(task, rows);
  const ranks = await rankEvents(some, scorerOverRows(scorer, rows), removeSeen, shownAnswers);
  const item = (row: number): ExampleItem => ({
    key: corpus.keys.at(row)!,
    ...defined({ title: corpus.titles?.at(row) }),
  });
  const { asks: someAsks, held: someHeld } = questionsOf(some);
  return [...someAsks].map((ask, question): Example => {
    const user = some.events.user[ask]!;
    const had = historyOf(some, ask);
    const own = [...bag(someHeld, question)];
    const isHeld = new Set(own.map((row) => some.events.item[row]!));
    return {
      ...defined({ user: user < 0 ? undefined : users.keys.at(user) }),
      history: had.slice(-shownHistory).reverse().map(item),
      had: had.length,
      held: own
        .filter((row) => some.events.item[row]! >= 0)
        .slice(0, shownHeld)
        .map((row) => ({
          ...item(some.events.item[row]!),
          ...rankOf(ranks, row, corpus.trainingCounts[some.events.item[row]!]! > 0),
        })),
      answers: [...ranks.lists!.items.subarray(question * shownAnswers, (question + 1) * shownAnswers)]
        .filter((row) => row >= 0)
        .map((row) => ({ ...item(row), isHeld: isHeld.has(row) })),
    };
  });
}

const rankOf = (
  { better, corpus, ranksCold }: Awaited<ReturnType<typeof rankEvents>>,
  row: number,
  isWarm: boolean,
): { rank?: number } => (corpus[row]! > 0 && (isWarm || ranksCold) ? { rank: better[row]! + 1 } : {});

/** In time order: what the model reads with the event, else what its user had before. */
function historyOf({ history, users, events }: ScoringTask, row: number): number[] {
  const user = events.user[row]!;
  const found = history
    ? bag(history.bags, history.index ? history.index[row]! : row)
    : user < 0
      ? new Int32Array()
      : bag(users.seen, user);
  return [...found].filter((item) => item >= 0);
}

const bag = ({ starts, ends, values }: BagColumn, at: number): Int32Array =>
  values.subarray(starts[at]!, ends[at]!) as Int32Array;
