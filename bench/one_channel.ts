import type { Flow, Model, ScoreSum, Tower } from '../src/compiler/model/model.ts';

/**
 * The model with one pair of its channels at a time: only the scores, tasks and tower steps that it needs. Features stay, so that
 * what feeds it is what feeds the whole. Empty for a model of one channel, and for one with a score that joins channels.
 */
export function channelModels(model: Model): { readonly name: string; readonly model: Model }[] {
  const pairs = new Map<string, { query: string; item: string }>();
  for (const { score } of model.tasks)
    for (const { channels, call } of score.terms) {
      // A learned layer over the products of several channels has no part that is one channel's.
      if (call.kind === 'hadamard' && channels.length > 1) return [];
      for (const pair of channels) pairs.set(`${pair.query} ${pair.item}`, pair);
    }
  if (pairs.size < 2) return [];
  return [...pairs.values()].map(({ query, item }) => {
    const only = (score: ScoreSum): ScoreSum => ({
      ...score,
      terms: score.terms.flatMap((term) => {
        const channels = term.channels.filter((pair) => pair.query === query && pair.item === item);
        return channels.length === 0 ? [] : [{ ...term, channels }];
      }),
    });
    const tasks = model.tasks
      .map((task) => ({ ...task, score: only(task.score) }))
      .filter(({ score }) => score.terms.length > 0);
    const kept = new Set(tasks.map(({ name }) => name));
    const [asks, answers] = model.towers;
    return {
      name: query === item ? query : `${query}×${item}`,
      model: {
        ...model,
        towers: [withOnly(asks, query), withOnly(answers, item)],
        tasks,
        objective: { kind: 'sum', terms: [...kept].map((task) => ({ task, weight: 1 })) },
        retrieve: [...kept].map((task) => ({ task, factor: 1 })),
      },
    };
  });
}

/** The channel, and what it reads. */
function withOnly(tower: Tower, channel: string): Tower {
  const needed = new Set([channel]);
  for (const { name, flow } of tower.steps.toReversed()) {
    if (needed.has(name)) for (const read of readsOf(flow)) needed.add(read);
  }
  return { ...tower, steps: tower.steps.filter(({ name }) => needed.has(name)) };
}

const readsOf = ({ from }: Flow): string[] =>
  (from.kind === 'join' ? from.parts : [from]).flatMap((part) => (part.kind === 'step' ? [part.name] : []));
