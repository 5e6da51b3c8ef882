/** One small trained model for the tests that only read it. */
import { join } from 'node:path';
import { type LoadedModel, load } from '../../src/training/artifact/load.ts';
import { trainModel } from '../../src/training/train_model.ts';
import { makePlan } from './fixture_plan.ts';
import { makeDataset } from './fixtures.ts';
import { plainEngine } from './plain_engine.ts';

export const dataset = makeDataset({ users: 12, items: 24, eventsPerUser: 12, heldOut: 2 });

export async function trainSmall(root: string): Promise<LoadedModel> {
  const folder = join(root, 'trained');
  await trainModel({
    plan: makePlan({ epochs: 2, batch: 32 }),
    dataset,
    engine: plainEngine,
    folder,
    origin: {
      sources: [
        { name: 'models/fixture.tower', text: 'use "shared/fixture.tower"' },
        { name: 'models/shared/fixture.tower', text: 'features {}' },
      ],
      data: { name: 'models/data/made_up.tower', text: 'data made_up {}' },
      settings: { width: '8' },
    },
    tower: '0.0.0',
  });
  return load(folder);
}
