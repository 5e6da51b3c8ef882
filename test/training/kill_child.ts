/** Trains a small model in a process of its own, to be killed: `kill_child.ts FOLDER ENGINE new|resume [PLAN]` prints each step. */
import { readFileSync } from 'node:fs';

import type { EngineName } from '../../src/engines/engine.ts';
import { loadEngine } from '../../src/engines/engines.ts';
import { trainModel } from '../../src/training/train_model.ts';
import { makePlan } from './fixture_plan.ts';
import { makeDataset } from './fixtures.ts';
import { watched } from './watched_engine.ts';

const [folder, engineName, resume, plan] = process.argv.slice(2) as [string, EngineName, string, string?];
const controller = new AbortController();
process.once('SIGINT', () => controller.abort());

const { status } = await trainModel({
  plan: plan
    ? JSON.parse(readFileSync(plan, 'utf8'))
    : makePlan({ epochs: 3, batch: 16, stop: { metric: 'mrr', patience: 3 } }),
  dataset: makeDataset({ users: 20, items: 40, eventsPerUser: 16, heldOut: 4 }),
  // Slow enough for a signal to arrive in the middle of an epoch.
  engine: watched(await loadEngine(engineName), async (step) => {
    process.stdout.write(`step ${step}\n`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }),
  folder,
  origin: { sources: [] },
  tower: '0.0.0',
  resume: resume === 'resume',
  signal: controller.signal,
});
process.stdout.write(`${status}\n`);
