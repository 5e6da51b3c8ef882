/** The steps of a tower that has mistakes, as far as they are valid. */
import { defined } from '../../base/util/defined.ts';
import type { LoweredFeatures } from '../../compiler/lower/features.ts';
import { isWholeGroup } from '../../compiler/model/groups.ts';
import type { Flow, FlowSource, Tower, TowerStep } from '../../compiler/model/model.ts';
import type { Resolution, TowerPart } from '../../compiler/model/resolution.ts';

/** The steps of a tower whose flow is valid, and begins with something valid. */
export function validTower(part: TowerPart, resolution: Resolution, features: LoweredFeatures): Tower {
  const steps = part.steps.flatMap(({ name, span, channel, flow }): TowerStep[] =>
    flow && beginsSound(flow, resolution, features) ? [{ name, span, channel, flow }] : [],
  );
  const { name, span } = part;
  return { name, span, features: part.features, steps, ...defined({ key: part.key?.name }) };
}

/** What comes before the mistake in flows that have one, under a name that nothing can read. */
export function begunSteps(part: TowerPart, resolution: Resolution, features: LoweredFeatures): readonly TowerStep[] {
  return part.steps.flatMap(({ name, span, begun }): TowerStep[] =>
    begun && beginsSound(begun, resolution, features) ? [{ name: `${name} …`, span, channel: false, flow: begun }] : [],
  );
}

function beginsSound({ from }: Flow, { scope }: Resolution, features: LoweredFeatures): boolean {
  const areAllValid = features.byName.size === scope.features.size;
  return openedBy(from).every(
    (source) =>
      (!scope.groups.has(source.name) || isWholeGroup(scope, source.name)) &&
      (areAllValid || source.features.every((feature) => features.byName.has(feature))),
  );
}

/** The groups and features that a flow's source opens: none for a step above, those of all its parts for a block of several. */
function openedBy(from: FlowSource): readonly Extract<FlowSource, { readonly kind: 'features' }>[] {
  if (from.kind === 'join') return from.parts.flatMap(openedBy);
  return from.kind === 'features' ? [from] : [];
}
