/** Takes a part of an evaluation: the same task, over some of its events. */
import { makeRandom } from '../../base/random/random.ts';
import { defined } from '../../base/util/defined.ts';
import type { Events, IndexedBags, IndexedColumn } from '../../data/dataset.ts';
import type { Scorer, ScoringTask } from '../scoring/scorer.ts';
import { bagAt, type Per, questionsOf } from './questions.ts';

/** The task over these rows of its events, in their order. */
export function overRows(task: ScoringTask, rows: Int32Array): ScoringTask {
  const { events, history, seen, context } = task;
  const index = (of: Int32Array | undefined): Int32Array => (of ? rows.map((row) => of[row]!) : rows);
  const bags = ({ bags, index: of }: IndexedBags): IndexedBags => ({ bags, index: index(of) });
  const column = ({ column, index: of }: IndexedColumn): IndexedColumn => ({ column, index: index(of) });
  const fewerEvents: Events = {
    rows: rows.length,
    features: new Map([...events.features].map(([name, each]) => [name, column(each)])),
    labels: new Map([...events.labels].map(([name, values]) => [name, Float32Array.from(rows, (row) => values[row]!)])),
    item: rows.map((row) => events.item[row]!),
    user: rows.map((row) => events.user[row]!),
  };
  return {
    ...task,
    events: fewerEvents,
    ...defined({
      history: history && bags(history),
      seen: seen?.map(bags),
      context: context && { ...context, asked: index(context.asked) },
    }),
  };
}

export function scorerOverRows(scorer: Scorer, rows: Int32Array): Scorer {
  const wholeRows = (own: Int32Array): Int32Array => own.map((row) => rows[row]!);
  const { expect, scoreSome } = scorer;
  return {
    ...scorer,
    score: (own) => scorer.score(wholeRows(own)),
    ...defined({
      expect: expect && ((own: Int32Array) => expect.call(scorer, wholeRows(own))),
      scoreSome:
        scoreSome && ((own: Int32Array, from: number, to: number) => scoreSome.call(scorer, wholeRows(own), from, to)),
    }),
  };
}

const sampleStream = 0x5a3b;

/** The events of `count` of the task's rankings, drawn from the seed; undefined where it has no more. */
export function sampledRows(task: ScoringTask, count: number, seed: number): Int32Array | undefined {
  const { asks, held } = questionsOf(task);
  if (count >= asks.length) return undefined;
  const drawnQuestions = makeRandom(seed, sampleStream).permutation(asks.length).subarray(0, count).sort();
  return Int32Array.from([...drawnQuestions].flatMap((question) => [...bagAt(held, question)]));
}

/** Rankings that are made, where they are a sample, and all that there are. */
export interface RankingSample {
  readonly rankings: number;
  readonly of: number;
  readonly per: Per;
}

export interface DrawnRankings {
  readonly sample?: RankingSample;
  /** Takes the drawn part of a task over the same events; the task itself where all are drawn. */
  of(task: ScoringTask): ScoringTask;
  scorer(whole: Scorer): Scorer;
}

/** Seed of every evaluation, so that models of the same data are measured on the same events. */
const seedOfAll = 1;

/** @param count of rankings; undefined: all */
export function drawRankings(whole: ScoringTask, count: number | undefined, seed: number = seedOfAll): DrawnRankings {
  const rows = count === undefined ? undefined : sampledRows(whole, count, seed);
  if (!rows) return { of: (task) => task, scorer: (scorer) => scorer };
  return {
    sample: { rankings: count!, of: questionsOf(whole).asks.length, per: whole.per ?? 'event' },
    of: (task) => overRows(task, rows),
    scorer: (scorer) => scorerOverRows(scorer, rows),
  };
}
