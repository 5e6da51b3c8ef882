/** What a channel ends with, through declared blocks and the steps it begins with. */
import type { Call, FlowStep } from '../model.ts';
import type { TowerPart, TowerStepPart } from '../resolution.ts';

/** The last block of the library that a channel goes through and that turns its vector, `normalize` left aside. */
export function lastBlockOf({ flow }: TowerStepPart, tower: TowerPart): Call | undefined {
  if (!flow) return undefined;
  const own = opened(flow.steps).findLast(({ kind }) => kind !== 'normalize');
  if (own) return own;
  const { from } = flow;
  if (from.kind !== 'step' || from.output !== undefined) return undefined;
  const before = tower.steps.find(({ name }) => name === from.name);
  return before && lastBlockOf(before, tower);
}

function opened(steps: readonly FlowStep[]): readonly Call[] {
  return steps.flatMap((step) => (step.kind === 'block' ? [step.call] : opened(step.steps)));
}
