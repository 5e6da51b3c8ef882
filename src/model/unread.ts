/** What a model declares and nothing of its tasks reaches: it is a warning, needs no column of the data, and gets no weights. */
import { type Library, library as wholeLibrary } from './library.ts';
import type { Flow, FlowPart, Model, Task, Tower, TowerStep } from './model.ts';
import { featuresOfTasks, withNamed } from './references.ts';

/** The model without it; the same one where everything is read. */
export function withoutUnread(model: Model, library: Library = wholeLibrary): Model {
  const [query, item] = model.towers;
  const towers = [readTower(query, model.tasks, 'query'), readTower(item, model.tasks, 'item')] as const;
  if (towers[0] === query && towers[1] === item) return model;
  const keys = towers.flatMap(({ key }) => (key === undefined ? [] : [key]));
  const direct = [
    ...towers.flatMap(({ features }) => features),
    ...keys,
    ...featuresOfTasks(model.tasks, model.features, library),
  ];
  const read = withNamed(direct, model.features, library.features);
  return { ...model, towers, features: new Map([...model.features].filter(([name]) => read.has(name))) };
}

function readTower(tower: Tower, tasks: readonly Task[], side: 'query' | 'item'): Tower {
  const reached = new Set(
    tasks.flatMap(({ score: { terms, biases = [] } }) => [
      ...terms.flatMap(({ channels }) => channels.map((pair) => pair[side])),
      ...biases.flatMap((bias) => (bias.kind === 'channel' && bias.side === side ? [bias.channel] : [])),
    ]),
  );
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

const partsOf = ({ from }: Flow): readonly FlowPart[] => (from.kind === 'join' ? from.parts : [from]);
