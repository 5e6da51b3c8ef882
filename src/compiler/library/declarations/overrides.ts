/** `overrides` of `train`: settings of an optimizer that differ for one table or one tower. */
import type { KindRow } from '../contract.ts';
import { name, number } from '../parameters.ts';

const settings = {
  rate: number({ above: 0, doc: 'Step size in place of the one of the optimizer; the schedule stays.' }),
  l2: number({ min: 0, doc: 'In place of the `l2` of the optimizer.' }),
  weight_decay: number({ min: 0, doc: 'In place of the `weight_decay` of the optimizer.' }),
};

export const overrides = {
  table: {
    doc: 'The embedding table of one feature. Every feature that shares the table learns with these settings.',
    example: 'table(movie_id, rate: 0.01)',
    parameters: {
      feature: name('feature', { doc: 'The feature that the table belongs to.', required: true, positional: true }),
      ...settings,
    },
  },
  weights: {
    doc: 'The weights of the blocks of one tower. Embedding tables and shared blocks keep the settings of their optimizer.',
    example: 'weights(user, rate: 1e-4)',
    parameters: {
      tower: name('tower', { doc: 'The tower.', required: true, positional: true }),
      ...settings,
    },
  },
} satisfies Readonly<Record<string, KindRow>>;
