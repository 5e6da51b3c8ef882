/** What a channel ends with, through declared blocks and the steps it begins with. */
import type { Library } from '../library.ts';
import type { Call, FlowStep } from '../model.ts';
import type { TowerPart, TowerStepPart } from '../resolution.ts';
import { repeatedSteps } from '../resolve/outputs.ts';

/** The last block of the library that a channel goes through and that turns its vector, `normalize` left aside. */
export function lastBlockOf({ flow }: TowerStepPart, tower: TowerPart, library: Library): Call | undefined {
  if (!flow) return undefined;
  const own = opened(flow.steps, library).findLast(({ kind }) => kind !== 'normalize');
  if (own) return own;
  const { from } = flow;
  if (from.kind !== 'step' || from.output !== undefined) return undefined;
  const before = tower.steps.find(({ name }) => name === from.name);
  return before && lastBlockOf(before, tower, library);
}

function opened(steps: readonly FlowStep[], library: Library): readonly Call[] {
  return steps.flatMap((step) => {
    if (step.kind === 'declared') return opened(step.steps, library);
    const repeated = repeatedSteps(library, step.call);
    return repeated.length > 0 ? opened(repeated, library) : [step.call];
  });
}
