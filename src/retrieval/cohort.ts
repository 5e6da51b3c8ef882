/**
 * Answers for users without past items: the mean of the query vectors of users of the data, each with the given values in place of its own. What is not known of
 * the new user, such as a history, is then that of people on average, and not that of nobody.
 */
import { failure } from '../base/diagnostics/diagnostic.ts';
import { yieldToEventLoop } from '../base/util/objects.ts';
import type { CohortFinder, PreparedQuery, QueryData, QueryModel } from './prepare.ts';
import { joinColumns, type QueryTowerRun } from './query_answerer.ts';
import { type FeatureValues, queryColumns } from './query_columns.ts';
import { interestsOf, type Snapshot } from './snapshot.ts';
import { requestFailure, unknownFacts } from './top_request.ts';

type Columns = PreparedQuery['columns'];

/** Maximum number of users whose vectors are averaged, and of users that are looked at to find them. */
const [maxMembers, maxTried] = [256, 20_000];
/** A step through the users, so that those found are from all parts of the data. */
const userStep = 1_000_003;
/** Number of users that go through the tower together. */
const membersTogether = 64;
/** As many users of all count as if they had the same values, so that a few users with the same values do not decide alone. */
const priorMembers = 10;

/** @returns a finder, which gives undefined if the data has no users */
export function makeCohortFinder(
  model: QueryModel,
  { users, histories }: QueryData,
  query: QueryTowerRun,
): CohortFinder {
  const { plan, encodings } = model;
  const [tower] = plan.towers;
  /** Returns the columns of some of all users, and of some with the same codes, one row each. */
  const membersOf = (codes: ReadonlyMap<string, number>, values: FeatureValues, snapshot: Snapshot) => {
    const allMembers: Columns[] = [];
    const similarMembers: Columns[] = [];
    const step = snapshot.users % userStep === 0 ? 1 : userStep;
    for (let i = 0; i < Math.min(maxTried, snapshot.users) && similarMembers.length < maxMembers; i++) {
      const row = (i * step) % snapshot.users;
      const isSame = [...codes].every(([name, code]) => codeAt(users.features, name, row) === code);
      if ((!isSame && allMembers.length >= maxMembers) || snapshot.seenBy(row).length === 0) continue;
      const base = { columns: users.features, row };
      const member = queryColumns(plan, tower, encodings, values, { histories, base });
      if (isSame) similarMembers.push(member);
      if (allMembers.length < maxMembers) allMembers.push(member);
    }
    return { allMembers, similarMembers };
  };
  return (average, { values, columns }, snapshot) => {
    const codes = new Map(average.map((name) => [name, codeOf(name, columns, tower.name)]));
    if (snapshot.users === 0) return undefined;
    const { [tower.key ?? '']: _, ...ownValues } = values;
    return {
      key: JSON.stringify([...codes, ownValues]),
      async average() {
        const { allMembers, similarMembers } = membersOf(codes, ownValues, snapshot);
        if (allMembers.length === 0) return undefined;
        const [means, similarMeans] = [await meanOf(allMembers, query), await meanOf(similarMembers, query)];
        const share = similarMembers.length / (similarMembers.length + priorMembers);
        return means.map((mean, i) =>
          Float32Array.from(mean, (number, index) => (1 - share) * number + share * (similarMeans[i]?.[index] ?? 0)),
        );
      },
    };
  };
}

/** @throws Failure `unknown-name`, `request-value` */
function codeOf(name: string, columns: Columns, tower: string): number {
  if (!columns.has(name)) {
    const facts = unknownFacts(`feature of tower \`${tower}\``, name, [...columns.keys()]);
    throw failure('unknown-name', { ...facts, entry: 'average' });
  }
  const code = codeAt(columns, name, 0);
  if (code !== undefined) return code;
  throw requestFailure('average', `names \`${name}\`, which is no category`, 'name features with one category each');
}

/** Returns undefined if the feature has no codes. */
function codeAt(columns: Columns, name: string, row: number): number | undefined {
  const { column, index } = columns.get(name)!;
  return column.kind === 'codes' ? column.values[index ? index[row]! : row] : undefined;
}

/** Returns the mean vector for each interest. */
async function meanOf(members: readonly Columns[], query: QueryTowerRun): Promise<readonly Float64Array[]> {
  const means: Float64Array[] = [];
  for (let from = 0; from < members.length; from += membersTogether) {
    if (from > 0) await yieldToEventLoop();
    const rows = members.slice(from, from + membersTogether);
    for (const vectors of interestsOf(await query(joinColumns(rows), rows.length))) {
      vectors.forEach((vector, i) => {
        means[i] ??= new Float64Array(vector.length);
        for (let index = 0; index < vector.length; index++) means[i]![index]! += vector[index]! / members.length;
      });
    }
  }
  return means;
}
