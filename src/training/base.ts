/** The run that a new one goes on from: checked whole before anything is trained. */
import { realpath } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { failure, invariant } from '../base/diagnostics/failure.ts';
import { refuseHeld } from '../base/storage/lock.ts';
import { type LongNumbers, numbersOfShape } from '../base/storage/tensor_header.ts';
import { defined } from '../base/util/defined.ts';
import type { Dataset, Fresh } from '../data/dataset.ts';
import type { FeaturePlan, GraphPlan, Plan, TowerPlan } from '../graph/plan/plan.ts';
import { hasCheckpoint, type Progress, readCheckpoint } from './artifact/checkpoint.ts';
import { fingerprintOf, otherData } from './artifact/identity.ts';
import type { Lineage } from './artifact/lineage.ts';
import { load, type Trained } from './artifact/load.ts';
import type { Manifest } from './artifact/manifest.ts';

export interface Base {
  readonly folder: string;
  /** Without tables and weights: they are read once more when the new run takes them over, straight into its own. */
  readonly trained: Trained;
  readonly progress: Progress;
  /** True if it serves weights of an earlier epoch than its checkpoint: the new run begins with these. */
  readonly servesEarlier: boolean;
}

/** @throws Failure `from-itself` */
export async function refuseItself(from: string, out: string): Promise<void> {
  const realPaths = await Promise.all([from, out].map((folder) => realpath(folder).catch(() => undefined)));
  if (realPaths[0] !== undefined && realPaths[0] === realPaths[1]) throw failure('from-itself', { folder: out });
}

/**
 * @param plan of the new run
 * @throws Failure `not-a-run`, `unfinished-run`, `run-in-use`, `from-other-model`, `lost-file`, `changed-file`, `damaged-file`, …
 */
export async function readBase(folder: string, plan: Plan): Promise<Base> {
  await refuseHeld(folder);
  const baseRun = await load(folder, { withoutWeights: true });
  // As JSON has it: an entry that is absent is not there.
  const differences = modelDifferences(baseRun.plan, JSON.parse(JSON.stringify(plan)) as Plan);
  if (differences.length > 0) throw failure('from-other-model', { folder, differences });
  if (!(await hasCheckpoint(folder))) throw failure('lost-file', { path: 'checkpoint.safetensors', folder });
  const { progress } = await readCheckpoint(folder, undefined, (name, shape, kind) =>
    isOfTable(name) ? checkedOnly({ length: numbersOfShape(shape), kind }) : undefined,
  );
  const { training } = baseRun.manifest;
  if (progress.step !== training.steps || progress.epoch !== training.epochs) {
    const reason = `it is of step ${progress.step}, and the manifest of step ${training.steps}`;
    throw failure('damaged-file', { path: `${folder}/checkpoint.safetensors`, reason });
  }
  await refuseHeld(folder);
  return { folder, trained: baseRun, progress, servesEarlier: servesEarlier(baseRun) };
}

const isOfTable = (name: string): boolean => name.startsWith('table/') || name.startsWith('state/');

/** Stands for numbers that are only checked: those of a table may be as large as the memory. */
export const checkedOnly = ({ kind, length }: Pick<LongNumbers, 'kind' | 'length'>): LongNumbers => ({
  ...{ kind, length, width: 1 },
  read: () => invariant(false, 'numbers that are not kept are not read'),
  write: () => {},
});

/**
 * True if the served weights are those of an earlier epoch than the checkpoint. Of tables with a graph the served rows are what the graph
 * makes of them, so their checkpoint is all that there is to go on from.
 */
const servesEarlier = ({ manifest: { training }, plan }: Trained): boolean =>
  training.best !== undefined && training.best.epoch !== training.epochs && plan.train.graph === undefined;

export function lineageOf(
  { trained, folder }: Pick<Base, 'trained' | 'folder'>,
  { fresh, replay }: { readonly fresh?: Fresh | undefined; readonly replay?: number | undefined } = {},
): Lineage {
  const { checksum, from, training, data }: Manifest = trained.manifest;
  const { runs, steps, epochs } = from ?? { runs: 0, steps: 0, epochs: 0 };
  return {
    checksum,
    name: folder,
    runs: runs + 1,
    steps: steps + training.steps,
    epochs: epochs + training.epochs,
    ...defined({ until: data.until, fresh, replay }),
  };
}

export const hasSameData = ({ trained }: Base, dataset: Dataset): boolean =>
  otherData(trained.manifest.data.fingerprint, fingerprintOf(dataset)) === undefined;

// Finds what keeps the weights of one model from being those of another. Settings of training are not among it.

/** In words, and in no order of their own: the order of features means nothing. */
function modelDifferences(before: Plan, now: Plan): string[] {
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
