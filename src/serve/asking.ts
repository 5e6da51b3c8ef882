/** Questions to answers, over one snapshot: one run of the query tower, and one pass over the items. It needs neither Node.js nor an engine. */
import type { IndexedColumn } from '../data/dataset.ts';
import { Failure } from '../diagnostics/failure.ts';
import type { Vectors } from '../scoring/tower_vectors.ts';
import { interestsOf } from './interests.ts';
import { joinColumns } from './join_columns.ts';
import type { KnownVectors } from './known_vectors.ts';
import {
  type Asked,
  type Prepared,
  type Preparer,
  type Question,
  type Recommendation,
  type RecommendOptions,
  recommendationOf,
} from './prepare.ts';
import { attempt, type Snapshot, topEach } from './snapshot.ts';

export interface Asking {
  /** What answers now: the vectors and keys of the items, and what users have seen. */
  readonly snapshot: Snapshot;
  /**
   * @param snapshot what answers. Default: that of now
   * @throws Failure `no-user-key`, `unknown-name`, `feature-value`, `filter-syntax`, `filter-type`, `request-value`
   */
  ask(question: Question, options: RecommendOptions, snapshot?: Snapshot): Promise<Recommendation>;
  /**
   * Several questions: one run of the query tower, and one pass over the items. In place of an answer is the Failure of a question that has none;
   * the others are answered.
   * @param known has the vectors of users who have asked before, and gets those that are computed
   */
  askAll(asked: readonly Asked[], snapshot?: Snapshot, known?: KnownVectors): Promise<(Recommendation | Failure)[]>;
  /**
   * What the query tower makes of a question: one vector, or one for each interest.
   * @throws Failure `no-user-key`, `unknown-name`, `feature-value`
   */
  vectors(question: Question): Promise<readonly Float32Array[]>;
}

/** The vectors of the first rows of columns. */
export type QueryTowerRun = (columns: ReadonlyMap<string, IndexedColumn>, rows: number) => Promise<Vectors>;

/** @param source has what answers at a moment: where items are written, another one after each write */
export function makeAsking(source: { readonly snapshot: Snapshot }, prepare: Preparer, query: QueryTowerRun): Asking {
  /** Only what is not known goes through the tower. */
  const vectorsOf = async (prepared: readonly Prepared[], known?: KnownVectors): Promise<Float32Array[][]> => {
    const found = prepared.map(({ user }) => (user === undefined ? undefined : known?.get(user)));
    const others = prepared.filter((_, i) => found[i] === undefined);
    if (others.length === 0) return found as Float32Array[][];
    const computed = interestsOf(await query(joinColumns(others.map(({ columns }) => columns)), others.length));
    others.forEach(({ user }, i) => {
      if (user !== undefined) known?.put(user, computed[i]!);
    });
    const next = computed.values();
    return found.map((each) => each ?? next.next().value!);
  };
  const answerAll: Asking['askAll'] = async (asked, from = source.snapshot, known) => {
    const prepared = asked.map((each) => attempt(() => prepare(each, from)));
    const valid = prepared.filter((each): each is Prepared => !(each instanceof Failure));
    if (valid.length === 0) return prepared as Failure[];
    const vectors = await vectorsOf(valid, known);
    const requests = valid.map(({ request }, i) => ({ ...request, vectors: vectors[i]! }));
    const answers = (await topEach(from, requests)).values();
    return prepared.map((each) => {
      const answer = each instanceof Failure ? each : answers.next().value!;
      return each instanceof Failure || answer instanceof Failure
        ? (answer as Failure)
        : recommendationOf(each, answer);
    });
  };

  return {
    get snapshot() {
      return source.snapshot;
    },
    askAll: answerAll,
    async ask(question, options, from) {
      const [answer] = await answerAll([{ question, options }], from);
      if (answer instanceof Failure) throw answer;
      return answer!;
    },
    async vectors(question) {
      const { columns } = prepare({ question, options: { k: 0 } }, source.snapshot);
      return interestsOf(await query(columns, 1))[0]!;
    },
  };
}
