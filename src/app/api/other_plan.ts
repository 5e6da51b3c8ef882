/** Whether the sources kept with a run still compile to the plan that it holds. */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { failure } from '../../base/diagnostics/failure.ts';
import type { Trained } from '../../training/artifact/load.ts';
import { manifestFile } from '../../training/artifact/manifest.ts';
import { recompiled } from './recompiled.ts';
import { version } from './version.ts';

/**
 * A plan and graphs that fit each other may still not be those of the model: another activation, another pooling. This version
 * compiles its own runs to the same again. Runs of other versions may differ, and are not compared.
 * @throws Failure `damaged-file` with the file that differs
 */
export async function refuseOtherPlan({ folder, manifest, plan }: Trained): Promise<void> {
  if (manifest.tower !== version) return;
  const loweredAnew = (await recompiled(folder, manifest))?.lowered;
  if (!loweredAnew) return;
  const planAnew = JSON.parse(JSON.stringify(loweredAnew.plan)) as typeof plan;
  const pairs = [
    ...manifest.plan.towers.map(({ embedded }, at) => [embedded.graph, plan.towers[at]!, planAnew.towers[at]] as const),
    [manifest.plan.step.graph, plan.step, planAnew.step] as const,
    [manifest.plan.predictions?.graph ?? manifestFile, plan.predictions, planAnew.predictions] as const,
    [manifestFile, plan, planAnew] as const,
  ];
  for (const [path, is, should] of pairs) {
    if (isDeepStrictEqual(is, should)) continue;
    throw failure('damaged-file', {
      path: join(folder, path),
      reason: 'it is not what the sources of the run compile to',
    });
  }
}
