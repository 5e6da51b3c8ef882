/** What a model declares and nothing of its tasks reaches: it is a warning, needs no column of the data, and gets no weights. */
import { type Library, library as wholeLibrary } from './library.ts';
import type { Flow, FlowPart, Model, Task, Tower, TowerStep } from './model.ts';
import { featuresOfTasks, withNamed } from './references.ts';
import { channelsThrough } from './through.ts';

/** The model without it; the same one where everything is read. */
export function withoutUnread(model: Model, library: Library = wholeLibrary): Model {
  const [query, item] = model.towers;
  const read = readTower(query, model.tasks, 'query');
  const encodes = channelsThrough(read.features, model.features, item);
  const towers = [read, readTower(item, model.tasks, 'item', encodes)] as const;
  if (towers[0] === query && towers[1] === item) return model;
  const keys = towers.flatMap(({ key }) => (key === undefined ? [] : [key]));
  const direct = [
    ...towers.flatMap(({ features }) => features),
    ...keys,
    ...featuresOfTasks(model.tasks, model.features, library),
  ];
  const needed = withNamed(direct, model.features, library.features);
  return { ...model, towers, features: new Map([...model.features].filter(([name]) => needed.has(name))) };
}

/** @param encodes channels that lists of the other tower read */
function readTower(
  tower: Tower,
  tasks: readonly Task[],
  side: 'query' | 'item',
  encodes: ReadonlySet<string> = new Set(),
): Tower {
  const reached = new Set(encodes);
  for (const name of channelsOf(tasks, side)) reached.add(name);
  const features = new Set<string>();
  const steps: TowerStep[] = [];
  // A step reads only what is above it.
  for (const step of tower.steps.toReversed()) {
    if (!reached.has(step.name)) continue;
    steps.unshift(step);
    for (const part of partsOf(step.flow)) {
      if (part.kind === 'step') reached.add(part.name);
      else for (const feature of part.features) features.add(feature);
    }
  }
  if (steps.length === tower.steps.length && tower.features.every((feature) => features.has(feature))) return tower;
  return { ...tower, steps, features: tower.features.filter((feature) => features.has(feature)) };
}

/** The channels that scores read of a side. */
const channelsOf = (tasks: readonly Task[], side: 'query' | 'item'): readonly string[] =>
  tasks.flatMap(({ score: { terms, biases = [] } }) => [
    ...terms.flatMap(({ channels }) => channels.map((pair) => pair[side])),
    ...biases.flatMap((bias) => (bias.kind === 'channel' && bias.side === side ? [bias.channel] : [])),
  ]);

const partsOf = ({ from }: Flow): readonly FlowPart[] => (from.kind === 'join' ? from.parts : [from]);
