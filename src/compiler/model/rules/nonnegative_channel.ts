import type { Call } from '../model.ts';
import { lastBlockOf } from './channel_ends.ts';
import type { Rule } from './rule.ts';

/** Activations whose values are never below 0. */
const nonnegative = ['relu', 'sigmoid', 'softplus'];

/** Vectors without a negative number lie in one corner of the space, so no cosine between them is below 0. */
export const nonnegativeChannel: Rule = {
  name: 'channel that ends in an activation without negative numbers',
  check({ towers, tasks, library }, report) {
    const read = new Set(
      tasks.flatMap(({ score }) => score?.terms.flatMap((term) => channelsOf(term, score.towers)) ?? []),
    );
    for (const tower of towers) {
      for (const step of tower.steps) {
        if (!step.channel || !read.has(`${tower.name}.${step.name}`)) continue;
        const block = lastBlockOf(step, tower, library);
        const activation = block && activationOf(block);
        if (activation === undefined || !nonnegative.includes(activation)) continue;
        report('nonnegative-channel', step.span, { tower: tower.name, channel: step.name, activation });
      }
    }
  },
};

function channelsOf(
  { channels }: { readonly channels: readonly { readonly query: string; readonly item: string }[] },
  [query, item]: readonly [string, string],
): string[] {
  return channels.flatMap((pair) => [`${query}.${pair.query}`, `${item}.${pair.item}`]);
}

/** What follows a block's last layer. */
function activationOf({ kind, arguments: given }: Call): string | undefined {
  const value = kind === 'mlp' ? given.last : kind === 'dense' ? given.activation : undefined;
  return typeof value === 'string' ? value : undefined;
}
