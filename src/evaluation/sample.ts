/** A part of an evaluation: the same task, over some of its events. */
import type { Events, IndexedBags, IndexedColumn } from '../data/dataset.ts';
import { defined } from '../defined.ts';
import { makeRandom } from '../random/random.ts';
import type { Scorer, ScoringTask } from '../scoring/scorer.ts';
import { questionsOf } from './questions.ts';

/** The task over these rows of its events, in their order. */
export function overRows(task: ScoringTask, rows: Int32Array): ScoringTask {
  const { events, history, seen } = task;
  const index = (of: Int32Array | undefined): Int32Array => (of ? rows.map((row) => of[row]!) : rows);
  const bags = ({ bags, index: of }: IndexedBags): IndexedBags => ({ bags, index: index(of) });
  const column = ({ column, index: of }: IndexedColumn): IndexedColumn => ({ column, index: index(of) });
  const fewer: Events = {
    rows: rows.length,
    features: new Map([...events.features].map(([name, each]) => [name, column(each)])),
    labels: new Map([...events.labels].map(([name, values]) => [name, Float32Array.from(rows, (row) => values[row]!)])),
    item: rows.map((row) => events.item[row]!),
    user: rows.map((row) => events.user[row]!),
  };
  const { context: _, ...rest } = task;
  return { ...rest, events: fewer, ...defined({ history: history && bags(history), seen: seen?.map(bags) }) };
}

/** The scorer of that task, of one that knows the rows of the whole task. */
export function scorerOverRows({ expect, score, scoreSome, ...scorer }: Scorer, rows: Int32Array): Scorer {
  const whole = (own: Int32Array): Int32Array => own.map((row) => rows[row]!);
  return {
    ...scorer,
    score: (own) => score(whole(own)),
    ...defined({
      expect: expect && ((own: Int32Array) => expect(whole(own))),
      scoreSome: scoreSome && ((own: Int32Array, from: number, to: number) => scoreSome(whole(own), from, to)),
    }),
  };
}

/** Sets these draws apart from all others of the same seed. */
const sampleStream = 0x5a3b;

/** The task over `count` of its rankings, drawn from the seed; the task itself where it has no more. */
export function sampleOf(task: ScoringTask, count: number, seed: number): ScoringTask {
  const { asks, held } = questionsOf(task);
  if (count >= asks.length) return task;
  const drawn = makeRandom(seed, sampleStream).permutation(asks.length).subarray(0, count).sort();
  const rows = [...drawn].flatMap((question) => [
    ...held.values.subarray(held.starts[question]!, held.ends[question]!),
  ]);
  return overRows(task, Int32Array.from(rows));
}
