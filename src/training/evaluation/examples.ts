import { makeRandom } from '../../base/random/random.ts';
import { defined } from '../../base/util/defined.ts';
import type { Scorer, ScoringTask } from '../scoring/scorer.ts';
import { bagAt, questionsOf } from './questions.ts';
import { rankEvents } from './ranks.ts';
import { overRows, scorerOverRows } from './sample.ts';

export interface ExampleItem {
  readonly key: string;
  readonly title?: string;
}

export interface RankingExample {
  /** Absent where the query has no key. */
  readonly user?: string;
  /** The latest first. */
  readonly history: readonly ExampleItem[];
  readonly had: number;
  /** Items that were held out, and the rank of each; no rank: the item cannot be ranked. */
  readonly held: readonly (ExampleItem & { readonly rank?: number })[];
  /** The best of the ranking, the first first. */
  readonly answers: readonly (ExampleItem & { readonly isHeld: boolean })[];
}

const maxExamples = 10;
const maxAnswers = 10;
const maxHistory = 10;
const maxHeld = 5;
/** Sets these draws apart from all others. */
const exampleStream = 0x3e5d;

/** Draws different users from a fixed seed: the same for every model of the same data, so that runs can be compared by eye. */
export async function examplesOf(
  task: ScoringTask,
  scorer: Scorer,
  removeSeen: boolean,
): Promise<readonly RankingExample[]> {
  const { asks, held } = questionsOf(task);
  const { events, users, corpus } = task;
  const chosenQuestions: number[] = [];
  const chosenUsers = new Set<number>();
  for (const question of makeRandom(1, exampleStream).permutation(asks.length)) {
    if (chosenQuestions.length === maxExamples) break;
    const user = events.user[asks[question]!]!;
    const isRanked = [...bagAt(held, question)].some((row) => events.item[row]! >= 0);
    if (!isRanked || (user >= 0 && chosenUsers.has(user))) continue;
    chosenUsers.add(user);
    chosenQuestions.push(question);
  }
  const rowsOf = chosenQuestions.map((question) => [...bagAt(held, question)]);
  const rows = Int32Array.from(rowsOf.flat());
  if (rows.length === 0) return [];
  // The scorer knows the rows of the whole task.
  const exampleTask = overRows(task, rows);
  const ranks = await rankEvents(exampleTask, scorerOverRows(scorer, rows), removeSeen, maxAnswers);
  const item = (row: number): ExampleItem => ({
    key: corpus.keys.at(row)!,
    ...defined({ title: corpus.titles?.at(row) }),
  });
  const { asks: someAsks, held: someHeld } = questionsOf(exampleTask);
  return [...someAsks].map((ask, question): RankingExample => {
    const user = exampleTask.events.user[ask]!;
    const historyItems = historyOf(exampleTask, ask);
    const heldOutRows = [...bagAt(someHeld, question)];
    const isHeld = new Set(heldOutRows.map((row) => exampleTask.events.item[row]!));
    return {
      ...defined({ user: user < 0 ? undefined : users.keys.at(user) }),
      history: historyItems.slice(-maxHistory).reverse().map(item),
      had: historyItems.length,
      held: heldOutRows
        .filter((row) => exampleTask.events.item[row]! >= 0)
        .slice(0, maxHeld)
        .map((row) => ({
          ...item(exampleTask.events.item[row]!),
          ...rankOf(ranks, row, corpus.trainingCounts[exampleTask.events.item[row]!]! > 0),
        })),
      answers: [...ranks.lists!.items.subarray(question * maxAnswers, (question + 1) * maxAnswers)]
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

/** In time order: what the model reads with the event, else the training events of its user. */
function historyOf({ history, users, events }: ScoringTask, row: number): number[] {
  const user = events.user[row]!;
  const historyBag = history
    ? bagAt(history.bags, history.index ? history.index[row]! : row)
    : user < 0
      ? new Int32Array()
      : bagAt(users.seen, user);
  return [...historyBag].filter((item) => item >= 0);
}
