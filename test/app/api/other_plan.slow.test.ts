/** Every model of the project, as a run would keep it: it compiles to the same plan again, and to no other. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkAndLower } from '../../../src/app/api/check.ts';
import { refuseOtherPlan } from '../../../src/app/api/recorded.ts';
import { version } from '../../../src/app/api/version.ts';
import type { Plan } from '../../../src/graph/plan/plan.ts';
import type { LoadedModel } from '../../../src/training/artifact/load.ts';
import { storePlan } from '../../../src/training/artifact/run_manifest.ts';
import { artifactPaths } from '../../../src/training/artifact/write_artifact.ts';
import { temporaryFolder } from '../../training/temporary_folder.ts';

const root = temporaryFolder();
const models = readdirSync('models').filter((name) => name.endsWith('.tower'));

async function kept(name: string, set: Record<string, number> = {}): Promise<LoadedModel> {
  const { lowered, sources } = await checkAndLower(join('models', name), { set });
  const { plan } = lowered;
  const folder = join(root, `${name}-${Object.values(set).join('-')}`);
  const paths = artifactPaths(plan, new Map(), { sources });
  mkdirSync(join(folder, 'sources'), { recursive: true });
  sources.forEach(({ text }, at) => {
    writeFileSync(join(folder, paths.sources[at]!), text);
  });
  const settings = Object.fromEntries(Object.entries(set).map(([key, value]) => [key, String(value)]));
  const stored = storePlan(plan, (_, graph) => paths.graphs.get(graph)!);
  const manifest = { tower: version, sources: paths.sources, settings, plan: stored };
  return { folder, manifest, plan: JSON.parse(JSON.stringify(plan)) } as unknown as LoadedModel;
}

describe('a run', () => {
  it('of each model compiles to its plan again', async () => {
    expect(models.length).toBeGreaterThan(3);
    for (const name of models) await refuseOtherPlan(await kept(name));
    await refuseOtherPlan(await kept('two_tower.tower', { epochs: 3, batch: 64, seed: 7 }));
  });

  it.each<[string, string, (plan: Plan) => unknown]>([
    ['activation', 'graphs/user.json', ({ towers }) => rename(towers[0].embedded.graph.nodes, 'Relu', 'Tanh')],
    ['gradient', 'graphs/step.json', ({ step }) => rename(step.graph.nodes, 'Sub', 'Add')],
    ['length of a list', 'manifest.json', (plan) => Object.assign(plan.features.find(({ max }) => max)!, { max: 3 })],
    ['batch', 'manifest.json', ({ train }) => Object.assign(train, { batch: train.batch + 1 })],
  ])('with another %s is refused, whatever its checksums say', async (_, file, change) => {
    const trained = await kept('two_tower.tower');
    change(trained.plan);
    await expect(refuseOtherPlan(trained)).rejects.toThrow(
      `${join(trained.folder, file)} is damaged: it is not what the sources of the run compile to`,
    );
    // Another version may compile otherwise.
    const manifest = { ...trained.manifest, tower: '0.0.0-other' };
    await refuseOtherPlan({ ...trained, manifest });
  });
});

function rename(nodes: Plan['step']['graph']['nodes'], from: string, to: string): void {
  Object.assign(nodes.find(({ op }) => op === from)!, { op: to });
}
