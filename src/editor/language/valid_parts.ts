/**
 * Lowers the valid parts of a file that has errors: features, towers, the types that its arrows carry, and the weights and FLOPs of towers, channels and steps.
 */
import type { Span } from '../../base/text/source.ts';
import type { BoundKind } from '../../compiler/library/contract.ts';
import { usesOf } from '../../compiler/library/features/uses.ts';
import { type Arrow, type GraphLowering, makeLowering, UniqueNames } from '../../compiler/lower/flow.ts';
import { GraphInputs } from '../../compiler/lower/inputs.ts';
import { type LoweredFeatures, lowerFeatures } from '../../compiler/lower/lower_features.ts';
import { lowerTower } from '../../compiler/lower/lower_tower.ts';
import { withElements } from '../../compiler/lower/through.ts';
import type { Flow, FlowSource, FlowStep, Tower, TowerStep } from '../../compiler/model/model.ts';
import { isWholeGroup } from '../../compiler/model/references.ts';
import type { Resolution, ResolvedTower } from '../../compiler/model/resolution.ts';
import type { CheckResult } from '../../compiler/pipeline.ts';
import { makeBuilder } from '../../graph/builder.ts';
import { type Cost, count } from '../../graph/count.ts';
import type { RowsOf } from '../../graph/plan/plan.ts';

/** Returns the tower with the steps whose flow is valid and begins with something valid. */
function validTower(part: ResolvedTower, resolution: Resolution, features: LoweredFeatures): Tower {
  const steps = part.steps.flatMap(({ name, span, channel, flow }): TowerStep[] =>
    flow && isSourceValid(flow, resolution, features) ? [{ name, span, channel, flow }] : [],
  );
  return { name: part.name, span: part.span, features: part.features, steps, key: part.key?.name };
}

/** Returns, for each flow with an error, the steps before the error, under a name that nothing can read. */
function begunSteps(part: ResolvedTower, resolution: Resolution, features: LoweredFeatures): readonly TowerStep[] {
  return part.steps.flatMap(({ name, span, begun }): TowerStep[] =>
    begun && isSourceValid(begun, resolution, features)
      ? [{ name: `${name} …`, span, channel: false, flow: begun }]
      : [],
  );
}

function isSourceValid({ from }: Flow, { scope }: Resolution, features: LoweredFeatures): boolean {
  const areAllValid = features.byName.size === scope.features.size;
  return openedBy(from).every(
    (source) =>
      (!scope.groups.has(source.name) || isWholeGroup(scope, source.name)) &&
      (areAllValid || source.features.every((feature) => features.byName.has(feature))),
  );
}

/** Returns the groups and features at the beginning of a flow: none if it begins with an earlier step, and those of all parts of a block such as `concat`. */
function openedBy(from: FlowSource): readonly Extract<FlowSource, { readonly kind: 'features' }>[] {
  if (from.kind === 'join') return from.parts.flatMap(openedBy);
  return from.kind === 'features' ? [from] : [];
}

/** Returns the features whose arguments are all valid and refer only to valid features. */
export function validFeatures(resolution: Resolution): LoweredFeatures {
  const { features, towers } = resolution;
  const uses = usesOf(features);
  const validKinds = uses.size === features.size ? features : new Map([...features].filter(([name]) => uses.has(name)));
  const towerInputs = towers.map(({ name, span, features, key }) => ({
    ...{ name, span, features, steps: [] },
    key: key?.name,
  }));
  const noTower = { name: '', span: undefined as never, features: [], steps: [] };
  const [first = noTower, second = noTower] = towerInputs;
  const { output } = lowerFeatures({ features: validKinds, towers: [first, second] });
  const validTowers = towers.map((part) => validTower(part, resolution, output));
  return withElements(output, validTowers);
}

export const events: RowsOf = { kind: 'events' };

/** Returns the types of the whole model if there is one; otherwise those of every flow that is valid by itself. */
export function arrowsOf({ shapes, resolution }: CheckResult): readonly Arrow[] {
  if (shapes) return shapes.arrows;
  const features = validFeatures(resolution);
  return resolution.towers.flatMap((part) => {
    const tower = validTower(part, resolution, features);
    const steps = [...tower.steps, ...begunSteps(part, resolution, features)];
    return lowerAlone({ ...tower, steps }, features).arrows;
  });
}

/** Lowers a tower into a graph of its own. */
function lowerAlone(tower: Tower, features: LoweredFeatures): GraphLowering {
  const context = makeLowering(new GraphInputs(makeBuilder(tower.name)), features, false);
  lowerTower(context, tower);
  return context;
}

export interface FileCosts {
  /** By the offset of the step, as counted in the first flow that contains it. */
  readonly steps: ReadonlyMap<number, Cost>;
  /** By `user` or `user.main`; absent if an error within leaves a part uncounted. */
  readonly towers: ReadonlyMap<string, Cost>;
}

/** Counts the cost of one row, that is, of one query or one item. Tables are not counted: their number of rows is unknown before the data is read. */
export function costsOf({ resolution, file }: CheckResult): FileCosts {
  const features = validFeatures(resolution);
  const steps = new Map<number, Cost>();
  const towers = new Map<string, Cost>();
  for (const part of resolution.towers) {
    const tower = validTower(part, resolution, features);
    const { inputs, diagnostics } = lowerAlone(tower, features);
    const { parts, ...total } = count(inputs.builder.finish(), { batch: 1 });
    const isWhole = tower.steps.length === part.node.entries.length && diagnostics.length === 0;
    if (isWhole) towers.set(tower.name, total);
    const addCost = (span: Span, label: string): void => {
      const cost = parts.get(label);
      if (cost && span.source === file.span.source && !steps.has(span.start)) steps.set(span.start, cost);
    };
    const addSteps = (flowSteps: readonly FlowStep[], path: string, names = new UniqueNames()): void => {
      for (const step of flowSteps) {
        const ownLabel = names.unique(`${path}/${step.kind === 'block' ? step.call.kind : step.name}`);
        const label = step.kind === 'declared' && step.shared ? `shared/${step.name}` : ownLabel;
        addCost(step.span, label);
        if (step.kind === 'declared') addSteps(step.steps, label);
        else {
          const isRepeated = resolution.library.blocks[step.call.kind]?.times !== undefined;
          for (const flow of flowsOf(step.call)) addSteps(flow, isRepeated ? `${label}/_1` : label);
        }
      }
    };
    for (const { name, flow } of tower.steps) {
      const stepPath = `${tower.name}/${name}`;
      const flowCost = parts.get(stepPath);
      const isBroken = diagnostics.some(({ at }) => at && at.start >= flow.span.start && at.end <= flow.span.end);
      if (flowCost && !isBroken) towers.set(`${tower.name}.${name}`, flowCost);
      const names = new UniqueNames();
      // A flow that begins with a block of several: `concat(deep, wide) -> …`.
      if (flow.from.kind === 'join') addCost(flow.from.span, names.unique(`${stepPath}/${flow.from.call.kind}`));
      addSteps(flow.steps, stepPath, names);
    }
  }
  return { steps, towers };
}

/** Returns the flows among the arguments of a block: `residual(dense(8))`. */
const flowsOf = ({ arguments: given }: BoundKind): readonly (readonly FlowStep[])[] =>
  Object.values(given).flatMap((value) =>
    typeof value === 'object' && value !== null && 'flow' in value ? [value.flow as readonly FlowStep[]] : [],
  );

/** `16,640 weights · 33.1 kFLOP a row` */
export function printCost({ parameters, flops }: Cost): string {
  const weights = `${thousands(parameters)} ${parameters === 1 ? 'weight' : 'weights'}`;
  return flops === 0 ? weights : `${weights} · ${printFlops(flops)} a row`;
}

export const thousands = (value: number): string => value.toLocaleString('en-US');

function printFlops(flops: number): string {
  if (flops < 1e3) return `${flops} FLOP`;
  if (flops < 1e6) return `${(flops / 1e3).toFixed(1)} kFLOP`;
  return `${(flops / 1e6).toFixed(1)} MFLOP`;
}
