/** What a training in a folder is asked for, where its model is of no file. */
import type { Dataset } from '../../../src/data/dataset.ts';
import type { Plan } from '../../../src/graph/plan/plan.ts';
import type { TrainOptions } from '../../../src/training/train_options.ts';
import { plainEngine } from '../plain_engine.ts';

export const optionsIn = (folder: string, plan: Plan, dataset: Dataset): TrainOptions => ({
  ...{ plan, dataset, folder, engine: plainEngine, tower: '0.0.0' },
  origin: { sources: [{ name: 'model.tower', text: 'model made_up' }] },
});
