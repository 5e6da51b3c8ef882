/** Finds what keeps the weights of one model from being those of another. Settings of training are not among it. */
import { isDeepStrictEqual } from 'node:util';
import type { FeaturePlan, GraphPlan, Plan, TowerPlan } from '../../graph/plan/plan.ts';

/** In words, and in no order of their own: the order of features means nothing. */
export function modelDifferences(before: Plan, now: Plan): string[] {
  const towers = before.towers.flatMap((tower, at) => towerDifferences(tower, now.towers[at]!));
  const modelDifferenceWords = [
    ...differences('feature', byName(before.features), byName(now.features), featureDifference),
    ...differences('table', byName(before.tables), byName(now.tables), (one, other) =>
      // First values are of new rows alone, and rates may change.
      one.dim === other.dim && one.encoderOf === other.encoderOf && one.frozen === other.frozen
        ? undefined
        : 'its width or its values',
    ),
    ...towers,
  ];
  const { embeddings, graph } = before.train;
  if (embeddings.kind !== now.train.embeddings.kind) {
    modelDifferenceWords.push(
      `the optimizer of the tables is \`${now.train.embeddings.kind}\`, and was \`${embeddings.kind}\``,
    );
  }
  if (!isDeepStrictEqual(graph, now.train.graph)) modelDifferenceWords.push('the graph between the tables differs');
  // Of a changed tower or feature it is known already.
  return modelDifferenceWords.length > 0 ? modelDifferenceWords : trainedDifferences(before.step, now.step);
}

const byName = <T extends { readonly name: string }>(all: readonly T[]): ReadonlyMap<string, T> =>
  new Map(all.map((each) => [each.name, each]));

function differences<T>(
  what: string,
  before: ReadonlyMap<string, T>,
  now: ReadonlyMap<string, T>,
  differs: (one: T, other: T) => string | undefined,
): string[] {
  const missingWords = [...before.keys()]
    .filter((name) => !now.has(name))
    .map((name) => `${what} \`${name}\` is missing`);
  const changedWords = [...now].flatMap(([name, each]) => {
    const earlier = before.get(name);
    if (earlier === undefined) return [`${what} \`${name}\` is new`];
    const words = differs(earlier, each);
    return words === undefined ? [] : [`${what} \`${name}\` differs: ${words}`];
  });
  return [...missingWords, ...changedWords];
}

/** Entries of a feature whose value is a plain word or number are shown with both values. */
function featureDifference(before: FeaturePlan, now: FeaturePlan): string | undefined {
  const [one, other] = [before, now] as unknown as readonly [Record<string, unknown>, Record<string, unknown>];
  const words = [...new Set([...Object.keys(one), ...Object.keys(other)])].flatMap((entry) => {
    if (isDeepStrictEqual(one[entry], other[entry])) return [];
    return [`its ${entry} is ${shown(other[entry])}, and was ${shown(one[entry])}`];
  });
  return words.length === 0 ? undefined : words.join(', ');
}

const shown = (value: unknown): string =>
  value === undefined ? 'absent' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;

function towerDifferences(before: TowerPlan, now: TowerPlan): string[] {
  const towerWords = `tower \`${now.name}\``;
  if (before.name !== now.name) return [`${towerWords} is new, and \`${before.name}\` is missing`];
  if (before.key !== now.key) return [`${towerWords} is keyed by ${shown(now.key)}, and was by ${shown(before.key)}`];
  if (before.width !== now.width) return [`${towerWords} is ${now.width} wide, and was ${before.width}`];
  const own = ({ embedded, interests }: TowerPlan) => ({ embedded, interests });
  return isDeepStrictEqual(own(before), own(now)) ? [] : [`${towerWords} computes its vector in another way`];
}

/** Numbers that a step trains or keeps: weights of losses and of tasks, and the state of the dense optimizer. */
function trainedDifferences(before: GraphPlan, now: GraphPlan): string[] {
  const parameters = ({ graph }: GraphPlan) =>
    new Map(graph.parameters.map(({ name, node }) => [name, graph.nodes[node]!.type] as const));
  return differences('the trained number', parameters(before), parameters(now), (one, other) =>
    isDeepStrictEqual(one, other) ? undefined : 'its shape',
  );
}
