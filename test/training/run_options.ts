/** Options of a training on the plain engine, in a folder of its own. */
import { join } from 'node:path';
import type { TrainOptions } from '../../src/training/train_options.ts';
import { plainEngine } from './plain_engine.ts';

/** @param name of the folder in `root` */
export const runOptions = (
  root: string,
  name: string,
  rows: Pick<TrainOptions, 'plan' | 'dataset'>,
  more: Partial<TrainOptions> = {},
): TrainOptions => ({
  ...rows,
  engine: plainEngine,
  folder: join(root, name),
  origin: { sources: [{ name: 'models/fixture.tower', text: 'model fixture' }] },
  tower: '0.0.0',
  ...more,
});
