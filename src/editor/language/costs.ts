/** How many weights a tower, a channel or a step holds, and what one row costs. */
import type { Span } from '../../base/text/source.ts';
import type { BoundKind } from '../../compiler/library/contract.ts';
import { UniqueNames } from '../../compiler/lower/names.ts';
import type { FlowStep } from '../../compiler/model/model.ts';
import type { CheckResult } from '../../compiler/pipeline.ts';
import { type Cost, count } from '../../graph/count.ts';
import { lowerOne } from './shapes.ts';
import { validFeatures } from './valid_features.ts';
import { validTower } from './valid_tower.ts';

export interface Costs {
  /** By the place of a step in a flow, in the first flow that goes through it. */
  readonly steps: ReadonlyMap<number, Cost>;
  /** `user`, `user.main`; absent where a mistake within leaves a part uncounted. */
  readonly towers: ReadonlyMap<string, Cost>;
}

/** Of one row, so that FLOPs are those of one query or one item. Tables count nothing: their rows are known once the data is read. */
export function costsOf({ resolution, file }: CheckResult): Costs {
  const features = validFeatures(resolution);
  const steps = new Map<number, Cost>();
  const towers = new Map<string, Cost>();
  for (const part of resolution.towers) {
    const tower = validTower(part, resolution, features);
    const { inputs, diagnostics } = lowerOne(tower, features);
    const { parts, ...total } = count(inputs.builder.finish(), { batch: 1 });
    const isWhole = tower.steps.length === part.node.entries.length && diagnostics.length === 0;
    if (isWhole) towers.set(tower.name, total);
    const note = (at: Span, label: string): void => {
      const cost = parts.get(label);
      if (cost && at.source === file.span.source && !steps.has(at.start)) steps.set(at.start, cost);
    };
    const place = (list: readonly FlowStep[], path: string, names = new UniqueNames()): void => {
      for (const step of list) {
        const label = names.unique(`${path}/${step.kind === 'block' ? step.call.kind : step.name}`);
        const at = step.kind === 'declared' && step.shared ? `shared/${step.name}` : label;
        note(step.span, at);
        if (step.kind === 'declared') place(step.steps, at);
        else {
          const isRepeated = resolution.library.blocks[step.call.kind]?.times !== undefined;
          for (const flow of flowsOf(step.call)) place(flow, isRepeated ? `${at}/_1` : at);
        }
      }
    };
    for (const { name, flow } of tower.steps) {
      const path = `${tower.name}/${name}`;
      const cost = parts.get(path);
      const isBroken = diagnostics.some(({ at }) => at && at.start >= flow.span.start && at.end <= flow.span.end);
      if (cost && !isBroken) towers.set(`${tower.name}.${name}`, cost);
      const names = new UniqueNames();
      // A flow that begins with a block of several: `concat(deep, wide) -> …`.
      if (flow.from.kind === 'join') note(flow.from.span, names.unique(`${path}/${flow.from.call.kind}`));
      place(flow.steps, path, names);
    }
  }
  return { steps, towers };
}

/** The flows among the arguments of a block: `residual(dense(8))`. */
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
