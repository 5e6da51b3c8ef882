/** Questions to answers, over one snapshot: one run of the query tower, and one pass over the items. It needs neither Node.js nor an engine. */
import { Failure } from '../../base/diagnostics/failure.ts';
import type { IndexedColumn } from '../../data/dataset.ts';
import type { Vectors } from '../../training/scoring/tower_vectors.ts';
import { interestsOf } from './interests.ts';
import { joinColumns } from './join_columns.ts';
import type { UserVectorCache } from './known_vectors.ts';
import {
  type PreparedQuery,
  type Preparer,
  type QueryWithOptions,
  type Recommendation,
  type RecommendOptions,
  type RecommendQuery,
  recommendationOf,
} from './prepare.ts';
import { attempt, type Snapshot, topEach } from './snapshot.ts';

export interface QueryAnswerer {
  readonly snapshot: Snapshot;
  /**
   * @param snapshot what answers. Default: that of now
   * @throws Failure `no-user-key`, `unknown-name`, `feature-value`, `filter-syntax`, `filter-type`, `request-value`
   */
  ask(question: RecommendQuery, options: RecommendOptions, snapshot?: Snapshot): Promise<Recommendation>;
  /**
   * Several questions: one run of the query tower, and one pass over the items. In place of an answer is the Failure of a question that has none;
   * the others are answered.
   * @param known has the vectors of users who have asked before, and gets those that are computed
   */
  askAll(
    asked: readonly QueryWithOptions[],
    snapshot?: Snapshot,
    known?: UserVectorCache,
  ): Promise<(Recommendation | Failure)[]>;
  /**
   * What the query tower makes of a question: one vector, or one for each interest.
   * @throws Failure `no-user-key`, `unknown-name`, `feature-value`
   */
  vectors(question: RecommendQuery): Promise<readonly Float32Array[]>;
}

/** The vectors of the first rows of columns. */
export type QueryTowerRun = (columns: ReadonlyMap<string, IndexedColumn>, rows: number) => Promise<Vectors>;

/** @param source has what answers at a moment: where items are written, another one after each write */
export function makeQueryAnswerer(
  source: { readonly snapshot: Snapshot },
  prepare: Preparer,
  query: QueryTowerRun,
): QueryAnswerer {
  /** Only what is not known goes through the tower. */
  const vectorsOf = async (prepared: readonly PreparedQuery[], known?: UserVectorCache): Promise<Float32Array[][]> => {
    const cachedVectors = prepared.map(({ user }) => (user === undefined ? undefined : known?.get(user)));
    const uncached = prepared.filter((_, i) => cachedVectors[i] === undefined);
    if (uncached.length === 0) return cachedVectors as Float32Array[][];
    const computedVectors = interestsOf(
      await query(joinColumns(uncached.map(({ columns }) => columns)), uncached.length),
    );
    uncached.forEach(({ user }, i) => {
      if (user !== undefined) known?.put(user, computedVectors[i]!);
    });
    const nextComputed = computedVectors.values();
    return cachedVectors.map((each) => each ?? nextComputed.next().value!);
  };
  const answerAll: QueryAnswerer['askAll'] = async (asked, from = source.snapshot, known) => {
    const preparedQueries = asked.map((each) => attempt(() => prepare(each, from)));
    const validQueries = preparedQueries.filter((each): each is PreparedQuery => !(each instanceof Failure));
    if (validQueries.length === 0) return preparedQueries as Failure[];
    const vectors = await vectorsOf(validQueries, known);
    const requests = validQueries.map(({ request }, i) => ({ ...request, vectors: vectors[i]! }));
    const answers = (await topEach(from, requests)).values();
    return preparedQueries.map((each) => {
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
