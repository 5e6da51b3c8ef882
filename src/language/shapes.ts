/** The type that each arrow carries, also in a file that has mistakes elsewhere. */
import { defined } from '../defined.ts';
import { makeBuilder } from '../graph/builder.ts';
import { featureUse } from '../library/features/uses.ts';
import { type LoweredFeatures, lowerFeatures } from '../lower/features.ts';
import type { Arrow } from '../lower/flow.ts';
import { GraphInputs } from '../lower/inputs.ts';
import { lowerTower, makeTowerContext, type TowerContext } from '../lower/tower.ts';
import { isWholeGroup } from '../model/groups.ts';
import type { Flow, FlowSource, Tower, TowerStep } from '../model/model.ts';
import type { Resolution, TowerPart } from '../model/resolution.ts';
import type { Checked } from '../pipeline.ts';
import type { RowsOf } from '../plan/plan.ts';

export const events: RowsOf = { kind: 'events' };

/** Those of the model where there is one; else of every flow that is valid by itself. */
export function arrowsOf({ shapes, resolution }: Checked): readonly Arrow[] {
  if (shapes) return shapes.arrows;
  const features = validFeatures(resolution);
  return resolution.towers.flatMap((part) => {
    const valid = validTower(part, resolution, features);
    const steps = [...valid.steps, ...begunSteps(part, resolution, features)];
    return lowerOne({ ...valid, steps }, features).arrows;
  });
}

/** Features whose arguments go together, and that name none of which they do not. */
export function validFeatures({ features, towers }: Resolution): LoweredFeatures {
  const valid = [...features].filter(([name]) => {
    try {
      featureUse(name, features);
      return true;
    } catch {
      return false;
    }
  });
  const readers = towers.map(({ name, span, features, key }) => ({
    name,
    span,
    features,
    steps: [],
    ...defined({ key: key?.name }),
  }));
  const nobody = { name: '', span: undefined as never, features: [], steps: [] };
  const [first = nobody, second = nobody] = readers;
  return lowerFeatures({ features: new Map(valid), towers: [first, second] }).output;
}

/** The steps of a tower whose flow is valid, and begins with something valid. */
export function validTower(part: TowerPart, resolution: Resolution, features: LoweredFeatures): Tower {
  const steps = part.steps.flatMap(({ name, span, channel, flow }): TowerStep[] =>
    flow && beginsSound(flow, resolution, features) ? [{ name, span, channel, flow }] : [],
  );
  const { name, span } = part;
  return { name, span, features: part.features, steps, ...defined({ key: part.key?.name }) };
}

/** What comes before the mistake in flows that have one, under a name that nothing can read. */
function begunSteps(part: TowerPart, resolution: Resolution, features: LoweredFeatures): readonly TowerStep[] {
  return part.steps.flatMap(({ name, span, begun }): TowerStep[] =>
    begun && beginsSound(begun, resolution, features) ? [{ name: `${name} …`, span, channel: false, flow: begun }] : [],
  );
}

function beginsSound({ from }: Flow, { scope }: Resolution, features: LoweredFeatures): boolean {
  return openedBy(from).every(
    (source) =>
      (!scope.groups.has(source.name) || isWholeGroup(scope, source.name)) &&
      source.features.every((feature) => features.byName.has(feature)),
  );
}

/** The groups and features that a flow's source opens: none for a step above, those of all its parts for a block of several. */
function openedBy(from: FlowSource): readonly Extract<FlowSource, { readonly kind: 'features' }>[] {
  if (from.kind === 'join') return from.parts.flatMap(openedBy);
  return from.kind === 'features' ? [from] : [];
}

/** One tower in a graph of its own. */
export function lowerOne(tower: Tower, features: LoweredFeatures): TowerContext {
  const context = makeTowerContext(new GraphInputs(makeBuilder(tower.name)), features, false);
  lowerTower(context, tower, events);
  return context;
}
