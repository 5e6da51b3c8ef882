/** Weights of tasks that change by themselves: logged at every step, and taken up where a run was stopped. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { weightings } from '../../src/compiler/library/weightings/table.ts';
import { readLog } from '../../src/training/metrics_log.ts';
import { trainModel } from '../../src/training/train_model.ts';
import { planOf } from '../compiler/library/support.ts';
import { makeDataset } from './fixtures.ts';
import { plainEngine } from './plain_engine.ts';
import { temporaryFolder } from './temporary_folder.ts';
import { watched } from './watched_engine.ts';

const root = temporaryFolder();
const dataset = makeDataset({ users: 6, items: 12, eventsPerUser: 8, heldOut: 2 });

const planBy = (objective: string, only = '') =>
  planOf(`
    model weighed
    features { user_id : id(dim: 4), movie_id : id(dim: 4) }
    labels { liked: binary, never: binary }
    tower user(user_id) keyed by user_id { channel main = user_id -> dense(4) }
    tower item(movie_id) keyed by movie_id { channel main = movie_id -> dense(4) }
    task view { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.2) }
    task like { score = cosine(user, item) / 0.1, loss = bce, label = liked ${only} }
    objective = ${objective}
    train { batch = 8, epochs = 3, dense = adam(rate: 0.01), embeddings = adagrad }
  `);

const callOf = (kind: string): string => `${kind}(view, like${kind === 'dwa' ? ', window: 2' : ''})`;
const plan = (kind: string) => planBy(callOf(kind));

const runOf = (kind: string, folder: string, other: Partial<Parameters<typeof trainModel>[0]> = {}) =>
  trainModel({
    plan: plan(kind),
    dataset,
    engine: plainEngine,
    folder,
    origin: { sources: [] },
    tower: '0.0.0',
    ...other,
  });

describe.each(Object.keys(weightings))('a run weighed by %s', (kind) => {
  it('logs the weights of each step, and goes on with them after it was stopped, bit for bit', async () => {
    const [whole, stopped] = [join(root, `${kind}-whole`), join(root, `${kind}-stopped`)];
    const { records } = await runOf(kind, whole);
    const steps = await readLog(whole, 'steps.jsonl');
    expect(Object.keys(steps[0]!)).toEqual(['step', 'loss', 'loss:view', 'loss:like', 'weight:view', 'weight:like']);
    expect(new Set(steps.map((step) => step['weight:like'])).size).toBeGreaterThan(1);
    expect(Object.keys(records[0]!.scalars)).toContain('weight:like');

    const controller = new AbortController();
    const engine = watched(plainEngine, (step) => {
      if (step === 7) controller.abort();
    });
    expect((await runOf(kind, stopped, { engine, signal: controller.signal })).status).toBe('interrupted');
    expect((await runOf(kind, stopped, { resume: true })).status).toBe('epochs');
    for (const file of ['steps.jsonl', 'weights.safetensors']) {
      expect(readFileSync(join(stopped, file)).equals(readFileSync(join(whole, file))), file).toBe(true);
    }
  });
});

describe('a task of which no batch has a row', () => {
  const { train: training } = dataset.parts;
  const labels = new Map(training.labels).set('never', new Float32Array(training.rows));
  const never = { ...dataset, parts: { ...dataset.parts, train: { ...training, labels } } };

  async function stepsOf(objective: string, folder: string): Promise<Record<string, unknown>[]> {
    await runOf('pareto', join(root, folder), { plan: planBy(objective, ', only = never'), dataset: never });
    return await readLog(join(root, folder), 'steps.jsonl');
  }

  // The others weigh by what came in earlier batches: test/compiler/library/weightings has their numbers.
  it.each(['gradnorm', 'pareto', 'pcgrad', 'famo'])(
    'leaves the other to learn as if it were alone: %s',
    async (kind) => {
      const steps = await stepsOf(callOf(kind), `${kind}-never`);
      expect(steps.every((step) => step['loss:like'] === 0)).toBe(true);
      const alone = await stepsOf('1.0 * view + 1.0 * like', `${kind}-alone`);
      expect(steps).toHaveLength(alone.length);
      steps.forEach((step, at) => {
        expect(step['loss:view'], `step ${at + 1}`).toBeCloseTo(alone[at]!['loss:view'] as number, 5);
      });
      expect(alone.at(-1)!['loss:view']).not.toBeCloseTo(alone[0]!['loss:view'] as number, 2);
    },
  );
});
