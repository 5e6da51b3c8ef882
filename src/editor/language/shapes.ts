/** The type that each arrow carries, also in a file that has mistakes elsewhere. */
import type { LoweredFeatures } from '../../compiler/lower/features.ts';
import type { Arrow } from '../../compiler/lower/flow.ts';
import { GraphInputs } from '../../compiler/lower/inputs.ts';
import { lowerTower, makeTowerContext, type TowerContext } from '../../compiler/lower/tower.ts';
import type { Tower } from '../../compiler/model/model.ts';
import type { CheckResult } from '../../compiler/pipeline.ts';
import { makeBuilder } from '../../graph/builder.ts';
import type { RowsOf } from '../../graph/plan/plan.ts';
import { validFeatures } from './valid_features.ts';
import { begunSteps, validTower } from './valid_tower.ts';

export const events: RowsOf = { kind: 'events' };

/** Those of the model where there is one; else of every flow that is valid by itself. */
export function arrowsOf({ shapes, resolution }: CheckResult): readonly Arrow[] {
  if (shapes) return shapes.arrows;
  const features = validFeatures(resolution);
  return resolution.towers.flatMap((part) => {
    const valid = validTower(part, resolution, features);
    const steps = [...valid.steps, ...begunSteps(part, resolution, features)];
    return lowerOne({ ...valid, steps }, features).arrows;
  });
}

/** One tower in a graph of its own. */
export function lowerOne(tower: Tower, features: LoweredFeatures): TowerContext {
  const context = makeTowerContext(new GraphInputs(makeBuilder(tower.name)), features, false);
  lowerTower(context, tower, events);
  return context;
}
