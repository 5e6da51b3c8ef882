/** The questions of an evaluation. A question is a query with its held-out items: one per event, or one per user with all held-out items of the user. */
import { makeRandom } from '../../base/random/random.ts';
import { groupBy, listRowIndexes } from '../../base/util/objects.ts';
import type { BagColumn, Dataset, Events, IndexedBags, IndexedColumn } from '../../data/dataset.ts';
import type { Scorer, ScoringTask } from '../scoring/scorer.ts';

/** Returns the task with only these rows of its events, in their order. */
export function taskOverRows(task: ScoringTask, rows: Int32Array): ScoringTask {
  const { events, history, seen, context } = task;
  const indexOver = (index: Int32Array | undefined): Int32Array => (index ? rows.map((row) => index[row]!) : rows);
  const bagsOver = ({ bags, index }: IndexedBags): IndexedBags => ({ bags, index: indexOver(index) });
  const columnOver = ({ column, index }: IndexedColumn): IndexedColumn => ({ column, index: indexOver(index) });
  const fewerEvents: Events = {
    rows: rows.length,
    features: new Map([...events.features].map(([name, indexedColumn]) => [name, columnOver(indexedColumn)])),
    labels: new Map([...events.labels].map(([name, values]) => [name, Float32Array.from(rows, (row) => values[row]!)])),
    item: rows.map((row) => events.item[row]!),
    user: rows.map((row) => events.user[row]!),
    earlier: events.earlier && bagsOver(events.earlier),
    givesEarlier: events.givesEarlier,
  };
  return {
    ...task,
    events: fewerEvents,
    history: history && bagsOver(history),
    seen: seen?.map(bagsOver),
    context: context && { ...context, asked: indexOver(context.asked) },
  };
}

export function scorerOverRows(scorer: Scorer, rows: Int32Array): Scorer {
  const toWholeRows = (questionRows: Int32Array): Int32Array => questionRows.map((row) => rows[row]!);
  return {
    ...scorer,
    score: (questionRows) => scorer.score(toWholeRows(questionRows)),
    expect: scorer.expect && ((questionRows) => scorer.expect!(toWholeRows(questionRows))),
    scoreSome: scorer.scoreSome && ((questionRows, ...range) => scorer.scoreSome!(toWholeRows(questionRows), ...range)),
  };
}

const sampleStream = 0x5a3b;

/** Returns the events of `count` rankings that are drawn from the task's; undefined if it has no more than `count`. */
export function sampledRows(task: ScoringTask, count: number, seed: number): Int32Array | undefined {
  const { asks, held } = questionsOf(task);
  if (count >= asks.length) return undefined;
  const drawnQuestions = makeRandom(seed, sampleStream).permutation(asks.length).subarray(0, count).sort();
  return Int32Array.from([...drawnQuestions].flatMap((question) => [...bagAt(held, question)]));
}

/** Number of rankings in a sample, and of all rankings. */
export interface RankingSample {
  readonly rankings: number;
  readonly of: number;
  readonly per: Per;
}

interface DrawnRankings {
  readonly sample?: RankingSample;
  /** Returns the drawn part of a task over the same events; the task itself if all are drawn. */
  sampleTask(task: ScoringTask): ScoringTask;
  sampleScorer(scorer: Scorer): Scorer;
}

/** Seed of every evaluation, so that models of the same data are measured on the same events. */
const defaultSeed = 1;

/** @param count number of rankings; undefined: all */
export function drawRankings(whole: ScoringTask, count: number | undefined, seed: number = defaultSeed): DrawnRankings {
  const drawnRows = count === undefined ? undefined : sampledRows(whole, count, seed);
  if (!drawnRows) return { sampleTask: (task) => task, sampleScorer: (scorer) => scorer };
  return {
    sample: { rankings: count!, of: questionsOf(whole).asks.length, per: whole.per ?? 'event' },
    sampleTask: (task) => taskOverRows(task, drawnRows),
    sampleScorer: (scorer) => scorerOverRows(scorer, drawnRows),
  };
}

/** Tells if figures are means over events or over users. */
export type Per = 'event' | 'user';

export interface Questions {
  /** The event whose features are the query. Per user it is the first held-out event, so that nothing later is read. */
  readonly asks: Int32Array;
  /** The held-out events of each question, as bags of row indexes. Per user, an item that is held out twice counts once. */
  readonly held: BagColumn;
}

const questionsCache = new WeakMap<Events, Partial<Record<Per, Questions>>>();

export function questionsOf({ events, per = 'event' }: Pick<ScoringTask, 'events' | 'per'>): Questions {
  const cachedQuestions = questionsCache.get(events) ?? {};
  questionsCache.set(events, cachedQuestions);
  return (cachedQuestions[per] ??= per === 'user' ? questionsPerUser(events) : questionsPerEvent(events));
}

/** @param valuesOf returns the values of a bag */
export function makeBags(count: number, valuesOf: (bag: number) => Iterable<number>): BagColumn {
  const starts = new Int32Array(count);
  const ends = new Int32Array(count);
  const values: number[] = [];
  for (let bag = 0; bag < count; bag++) {
    starts[bag] = values.length;
    for (const value of valuesOf(bag)) values.push(value);
    ends[bag] = values.length;
  }
  return { kind: 'bags', starts, ends, values: Int32Array.from(values) };
}

export const bagAt = ({ starts, ends, values }: BagColumn, bag: number): Int32Array =>
  values.subarray(starts[bag]!, ends[bag]!) as Int32Array;

/** Returns the bag of an event. */
export const bagOf = ({ bags, index }: IndexedBags, row: number): Int32Array => bagAt(bags, index ? index[row]! : row);

/** Returns the items of the training events of an event's user, the earliest first; none for an unknown user. */
export function itemsInTraining({ events, users }: Pick<ScoringTask, 'events' | 'users'>, row: number): Int32Array {
  const user = events.user[row]!;
  return user < 0 ? new Int32Array(0) : bagAt(users.seen, user);
}

/** Returns the rows of each user's events. An event without a user is a group of its own. */
export const rowsByUser = ({ rows, user }: Events): Map<number, number[]> =>
  groupBy(listRowIndexes(rows), (row) => (user[row]! < 0 ? -1 - row : user[row]!));

function questionsPerEvent({ rows }: Events): Questions {
  const asks = listRowIndexes(rows);
  return { asks, held: { kind: 'bags', starts: asks, ends: asks.map((row) => row + 1), values: asks } };
}

function questionsPerUser(events: Events): Questions {
  const { item } = events;
  const rowsOfUsers = [...rowsByUser(events).values()];
  const held = makeBags(rowsOfUsers.length, (question) => {
    const items = new Set<number>();
    return rowsOfUsers[question]!.filter((row) => {
      // Items outside the corpus cannot be told apart, so each counts.
      const isRepeated = item[row]! >= 0 && items.has(item[row]!);
      items.add(item[row]!);
      return !isRepeated;
    });
  });
  return { asks: Int32Array.from(rowsOfUsers, ([first]) => first!), held };
}

export interface SeenRule {
  readonly removes: boolean;
  /** True if an option requested it, which overrides the data block. */
  readonly isRequested: boolean;
}

export function seenRule({ seen }: Pick<Dataset, 'seen'>, requested?: boolean): SeenRule {
  return { removes: requested ?? seen === 'excluded', isRequested: requested !== undefined };
}

export function seenSentence(
  { removes, isRequested }: SeenRule,
  { seen }: Pick<Dataset, 'seen'>,
  { per, events }: Pick<ScoringTask, 'per' | 'events'>,
): string {
  const rankingOwner = per === 'user' ? 'a user' : 'an event';
  const exclusionWords = events.givesEarlier
    ? `The ranking of ${rankingOwner} excludes the items that the user gives, except ${per === 'user' ? 'held-out items' : 'the event’s own item'}`
    : per === 'user'
      ? 'The ranking of a user excludes the items of the user’s training events, except held-out items, and nothing else: items of the validation part stay when the test part is ranked'
      : 'The ranking of an event excludes items that the user had in training or before the event, except the event’s own item';
  const ruleWords = removes ? exclusionWords : `The ranking of ${rankingOwner} keeps items that the user had before`;
  const declaredWords = `the data block says \`seen = ${seen}\``;
  return isRequested ? `${ruleWords}, as requested; ${declaredWords}.` : `${ruleWords}: ${declaredWords}.`;
}

/** Counts the events whose user had the item before. A ranking that excludes seen items never shows these items. */
function countRepeats(task: ScoringTask): number {
  const { events, seen = [] } = task;
  const hadItem = (item: number, row: number): boolean =>
    item >= 0 && (itemsInTraining(task, row).includes(item) || seen.some((bags) => bagOf(bags, row).includes(item)));
  return listRowIndexes(events.rows).filter((row) => hadItem(events.item[row]!, row)).length;
}

/** Returns a warning if users had items of events before, although rankings exclude seen items; undefined if there are no such events. */
export function repeatsSentence(task: ScoringTask, { removes }: SeenRule): string | undefined {
  const repeatCount = removes ? countRepeats(task) : 0;
  if (repeatCount === 0) return undefined;
  const repeatShare = ((100 * repeatCount) / task.events.rows).toFixed(1);
  return `${repeatCount.toLocaleString('en')} ${repeatCount === 1 ? 'event' : 'events'} (${repeatShare} %) ${repeatCount === 1 ? 'is of an item' : 'are of items'} that the user had before; if users often return to items, use \`seen = kept\`.`;
}
