/** Turns a resolution without errors into a Model, in which required parts are no longer optional, and removes the parts that no task reads. */
import { type Diagnostic, hasErrors, invariant } from '../../base/diagnostics/diagnostic.ts';
import { usesOf } from '../library/features/uses.ts';
import { type Library, library as wholeLibrary } from './library.ts';
import {
  type Flow,
  keyBias,
  type Model,
  type Objective,
  partsOf,
  type ScoreSum,
  type Task,
  type Tower,
  type TowerStep,
} from './model.ts';
import { channelsThrough, featuresOfTasks, groupsWithin, withNamed } from './references.ts';
import type { Resolution, ResolvedTask, ResolvedTower, TaskProduct, TaskScore } from './resolution.ts';
import { isModel } from './source_files.ts';

/** Returns the model; undefined if there are errors, or if a part of it is missing. */
export function modelOf(resolution: Resolution, found: readonly Diagnostic[]): Model | undefined {
  if (!isModel(resolution.file) || !resolution.whole || hasErrors(found)) return undefined;
  const { towers, tasks, features, labels, groups, reads, scope } = resolution;
  const towerPair = towerOrder(resolution);
  const validTasks = tasks.map(completeTask);
  if (!towerPair || !resolution.train || tasks.length === 0 || validTasks.some((task) => task === undefined))
    return undefined;
  if (features.size < scope.features.size || labels.size < scope.labels.size) return undefined;
  if (towers.some(({ steps }) => steps.some(({ flow }) => flow === undefined))) return undefined;
  const objective: Objective = resolution.objective ?? {
    kind: 'sum',
    terms: tasks.flatMap(({ name, loss }) => (loss ? [{ task: name, weight: 1 }] : [])),
  };
  const usedFeatures = readFeatures(resolution);
  const usedLabels = new Set(tasks.flatMap(({ label, weight, only }) => [label?.name, weight?.name, only?.name]));
  return {
    name: resolution.name,
    span: resolution.span,
    features: only(features, usedFeatures),
    labels: only(labels, usedLabels),
    groups: new Map(
      [...groups]
        .filter(([name]) => reads.group.has(name))
        .map(([name, members]) => [name, { name, span: scope.groups.get(name)!.name.span, members }]),
    ),
    towers: [
      completeTower(towerPair[0], setChannels(resolution), readsBias(tasks, 'query')),
      completeTower(towerPair[1], setChannels(resolution), readsBias(tasks, 'item')),
    ],
    tasks: validTasks as Task[],
    objective,
    retrieve: resolution.retrieve ?? defaultRetrieve(objective),
    train: resolution.train,
  };
}

/** What is valid by itself in a file with errors. */
export interface ValidParts {
  readonly features: Model['features'];
  /** All towers, with their valid steps. */
  readonly towers: readonly Tower[];
}

/**
 * Removes what is broken: features whose arguments are invalid or name such features, and steps with an error or a source that is not valid. The steps before an
 * error stay, under a name that nothing can read.
 */
export function withoutBroken(resolution: Resolution): ValidParts {
  const { features: declared, towers, tasks, scope, brokenGroups } = resolution;
  const ofSets = setChannels(resolution);
  // What an invalid score reads is not known.
  const isAnyOfSet = tasks.some(({ score, product }) => !score && !product);
  const uses = usesOf(declared);
  const features =
    uses.size === declared.size ? declared : new Map([...declared].filter(([feature]) => uses.has(feature)));
  const isWhole = (name: string): boolean =>
    ![name, ...groupsWithin(scope, name)].some((group) => brokenGroups.has(group));
  const isValid = (flow: Flow): boolean =>
    partsOf(flow).every(
      (part) => part.kind === 'step' || (isWhole(part.name) && part.features.every((feature) => features.has(feature))),
    );
  const validTowers = towers.map(({ name: tower, span, features, key, steps }): Tower => {
    const validSteps = steps.flatMap(({ name, span, channel, flow, begun }): TowerStep[] => {
      const ofSet = isAnyOfSet || ofSets.has(`${tower}.${name}`);
      if (flow && isValid(flow)) return [{ name, span, channel, ofSet, flow }];
      return begun && isValid(begun) ? [{ name: `${name} …`, span, channel: false, flow: begun }] : [];
    });
    return { name: tower, span, features, key: key?.name, steps: validSteps };
  });
  return { features, towers: validTowers };
}

/** Returns the features that the model reads. An imported file may declare more, and their columns need not be in the data. */
function readFeatures({ towers, tasks, features, library }: Resolution): ReadonlySet<string> {
  const namedFeatures = featuresOfTasks(
    tasks.map(({ loss, weight }) => ({ loss, weight: weight?.name })),
    features,
    library,
  );
  const towerFeatures = towers.flatMap((tower) => [...tower.features, ...(tower.key ? [tower.key.name] : [])]);
  return withNamed([...towerFeatures, ...namedFeatures], features, library.features);
}

/** Returns the entries with these names. */
function only<T>(all: ReadonlyMap<string, T>, names: ReadonlySet<string | undefined>): ReadonlyMap<string, T> {
  return new Map([...all].filter(([name]) => names.has(name)));
}

/** Returns the query tower and the item tower, in the order that the scores use them; without a score, in the order of the file. */
export function towerOrder({ towers, tasks }: Resolution): readonly [ResolvedTower, ResolvedTower] | undefined {
  const [first, second] = towers;
  if (towers.length !== 2 || !first || !second) return undefined;
  const queryTower = tasks.find(({ score }) => score !== undefined)?.score?.towers[0];
  return queryTower === second.name ? [second, first] : [first, second];
}

function defaultRetrieve(objective: Objective): Model['retrieve'] {
  if (objective.kind === 'sum') return objective.terms.map(({ task, weight }) => ({ task, factor: weight }));
  return objective.tasks.map((task) => ({ task, factor: 1 }));
}

function completeTask({ name, span, score, product, loss, label, weight, only }: ResolvedTask): Task | undefined {
  const completeScore = score ? scoreOf(score) : product && productScore(product);
  if (!completeScore) return undefined;
  return {
    name,
    span,
    score: completeScore,
    loss,
    label: label?.name,
    weight: weight?.name,
    weightAt: weight?.span,
    only: only?.name,
  };
}

const scoreOf = ({ towers: _, ...use }: TaskScore): ScoreSum => use;

const productScore = ({ span, factors }: TaskProduct): ScoreSum => ({
  span,
  terms: [],
  product: factors.map(({ name }) => name),
});

/** True if a score adds the `bias` of this side. */
const readsBias = (tasks: readonly ResolvedTask[], side: 'query' | 'item'): boolean =>
  tasks.some(({ score }) =>
    score?.biases?.some((bias) => bias.kind === 'channel' && bias.side === side && bias.channel === keyBias),
  );

/** Returns the channels that scores of sets read: `TOWER.CHANNEL`. */
const setChannels = ({ tasks, library }: Resolution): ReadonlySet<string> =>
  new Set(
    tasks.flatMap(({ score }) =>
      (score?.terms ?? []).flatMap(({ call, channels }) =>
        library.scores[call.kind]!.ofSets
          ? channels.flatMap(({ query, item }) => [`${score!.towers[0]}.${query}`, `${score!.towers[1]}.${item}`])
          : [],
      ),
    ),
  );

function completeTower(
  { name: tower, span, features, key, steps }: ResolvedTower,
  ofSets: ReadonlySet<string>,
  bias: boolean,
): Tower {
  return {
    name: tower,
    span,
    features,
    key: key?.name,
    ...(bias && !steps.some((step) => step.name === keyBias) ? { bias } : {}),
    steps: steps.map(({ name, span, channel, flow }): TowerStep => {
      invariant(flow, 'every step of a valid tower has a flow');
      return { name, span, channel, ofSet: ofSets.has(`${tower}.${name}`), flow };
    }),
  };
}

/** Removes what no task reads from the towers, and the features that then have no use. Returns the same model if everything is read. */
export function withoutUnread(model: Model, library: Library = wholeLibrary): Model {
  const [query, item] = model.towers;
  const queryRead = readTower(query, model.tasks, 'query');
  const encodedChannels = channelsThrough(queryRead.features, model.features, item);
  // A loss may divide the items by a feature that no flow reads: `within: market`.
  const ofLosses = featuresOfTasks(
    model.tasks.map(({ loss }) => ({ loss })),
    model.features,
    library,
  );
  const towers = [queryRead, readTower(item, model.tasks, 'item', encodedChannels, ofLosses)] as const;
  if (towers[0] === query && towers[1] === item) return model;
  const keyNames = towers.flatMap(({ key }) => (key === undefined ? [] : [key]));
  const directFeatures = [
    ...towers.flatMap(({ features }) => features),
    ...keyNames,
    ...featuresOfTasks(model.tasks, model.features, library),
  ];
  const neededFeatures = withNamed(directFeatures, model.features, library.features);
  return { ...model, towers, features: new Map([...model.features].filter(([name]) => neededFeatures.has(name))) };
}

/**
 * @param encodes channels that lists of the other tower pass their elements through
 * @param read features that something else than a flow reads
 */
function readTower(
  tower: Tower,
  tasks: readonly Task[],
  side: 'query' | 'item',
  encodes: ReadonlySet<string> = new Set(),
  read: readonly string[] = [],
): Tower {
  const reachedSteps = new Set(encodes);
  for (const name of channelsOf(tasks, side)) reachedSteps.add(name);
  const features = new Set(read);
  const steps: TowerStep[] = [];
  // A step reads only steps above it, so one pass from the last step to the first is enough.
  for (const step of tower.steps.toReversed()) {
    if (!reachedSteps.has(step.name)) continue;
    steps.unshift(step);
    for (const part of partsOf(step.flow)) {
      if (part.kind === 'step') reachedSteps.add(part.name);
      else for (const feature of part.features) features.add(feature);
    }
  }
  if (steps.length === tower.steps.length && tower.features.every((feature) => features.has(feature))) return tower;
  return { ...tower, steps, features: tower.features.filter((feature) => features.has(feature)) };
}

/** Returns the channels of one side that scores read. */
const channelsOf = (tasks: readonly Task[], side: 'query' | 'item'): readonly string[] =>
  tasks.flatMap(({ score: { terms, biases = [] } }) => [
    ...terms.flatMap(({ channels }) => channels.map((pair) => pair[side])),
    ...biases.flatMap((bias) => (bias.kind === 'channel' && bias.side === side ? [bias.channel] : [])),
  ]);
