/** Counts the weights and FLOPs of towers, channels and steps, in a file that may have errors. */
import type { Span } from '../../base/text/source.ts';
import { operatorWords, UniqueNames } from '../../compiler/lower/flow.ts';
import { lowerParts } from '../../compiler/lower/lower.ts';
import { withoutBroken } from '../../compiler/model/complete.ts';
import { type Flow, type FlowSource, type FlowStep, flowsOf, sourcesIn } from '../../compiler/model/model.ts';
import type { CheckResult } from '../../compiler/pipeline.ts';
import { type Cost, countCost } from '../../graph/count.ts';
import { isWithinSpan } from './edits.ts';

export interface FileCosts {
  /** By the offset of the step, as counted in the first flow that contains it. */
  readonly steps: ReadonlyMap<number, Cost>;
  /** By `user` or `user.main`; absent if an error within leaves a part uncounted. */
  readonly towers: ReadonlyMap<string, Cost>;
}

/** Counts the cost of one row, that is, of one query or one item. Tables are not counted: their number of rows is unknown before the data is read. */
export function costsOf({ resolution, file }: CheckResult): FileCosts {
  const steps = new Map<number, Cost>();
  const towers = new Map<string, Cost>();
  for (const { tower, context } of lowerParts(withoutBroken(resolution), false).towers) {
    const { inputs, diagnostics } = context;
    const { parts, ...total } = countCost(inputs.builder.finish(), { batch: 1 });
    const entries = resolution.scope.towers.get(tower.name)?.entries.map(({ name }) => name.name);
    const isWhole = diagnostics.length === 0 && tower.steps.map(({ name }) => name).join() === entries?.join();
    if (isWhole) towers.set(tower.name, total);
    const addCost = (span: Span, label: string): void => {
      const cost = parts.get(label);
      if (cost && span.source === file.span.source && !steps.has(span.start)) steps.set(span.start, cost);
    };
    const addSteps = (flowSteps: readonly FlowStep[], path: string, names = new UniqueNames()): void => {
      for (const step of flowSteps) {
        const ownLabel = names.unique(`${path}/${step.kind === 'block' ? step.call.kind : step.name}`);
        const label = step.kind !== 'block' && step.shared ? `shared/${step.name}` : ownLabel;
        addCost(step.span, label);
        if (step.kind === 'declared') addSteps(step.steps, label);
        else if (step.kind === 'block') {
          const isRepeated = resolution.library.blocks[step.call.kind]?.times !== undefined;
          for (const flow of flowsOf(step.call)) addSteps(flow, isRepeated ? `${label}/_1` : label);
        }
      }
    };
    for (const { name, flow } of tower.steps) {
      const stepPath = `${tower.name}/${name}`;
      const flowCost = parts.get(stepPath);
      const isBroken = diagnostics.some(({ at }) => at && isWithinSpan(at, flow.span));
      // The steps before an error have a name that is not in the file.
      if (flowCost && !isBroken && entries?.includes(name)) towers.set(`${tower.name}.${name}`, flowCost);
      const names = new UniqueNames();
      const addFlow = ({ from, steps }: Flow): void => {
        addSource(from);
        addSteps(steps, stepPath, names);
      };
      // What a flow begins with, a block of several values or arithmetic, has its name after those of the flows in it.
      const addSource = (source: FlowSource): void => {
        if (source.kind === 'flow') addFlow(source.flow);
        else sourcesIn(source).forEach(addSource);
        if (source.kind === 'join') addCost(source.span, names.unique(`${stepPath}/${source.call.kind}`));
        if (source.kind === 'operation') names.unique(`${stepPath}/${operatorWords[source.operator]}`);
      };
      addFlow(flow);
    }
  }
  return { steps, towers };
}

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
