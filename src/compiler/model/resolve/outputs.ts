/** Which outputs a step has, where its last block gives several: `mmoe(click, like)`. */
import type { Library } from '../library.ts';
import type { Call, FlowStep } from '../model.ts';
import type { TowerStepPart } from '../resolution.ts';

/** None for a step that gives one value; nothing where the step is not valid. */
export function outputsOf(
  library: Library,
  { flow }: TowerStepPart,
  above: readonly TowerStepPart[],
): readonly string[] | undefined {
  if (!flow) return undefined;
  const last = flow.steps.at(-1);
  if (last) return ofStep(library, last);
  const { from } = flow;
  if (from.kind === 'join') return ofCall(library, from.call);
  if (from.kind === 'features' || from.output !== undefined) return [];
  const step = above.find(({ name }) => name === from.name);
  return step ? outputsOf(library, step, above) : [];
}

function ofStep(library: Library, step: FlowStep): readonly string[] {
  if (step.kind === 'block') return ofCall(library, step.call);
  const last = step.steps.at(-1);
  return last ? ofStep(library, last) : [];
}

function ofCall(library: Library, call: Call): readonly string[] {
  const last = repeatedSteps(library, call).at(-1);
  return last ? ofStep(library, last) : (library.blocks[call.kind]?.outputs?.(call.arguments) ?? []);
}

/** The steps of a flow that a block goes through and gives the result of: `repeat(2, dense(8) -> dropout)`. */
export function repeatedSteps({ blocks }: Library, call: Call): readonly FlowStep[] {
  if (!blocks[call.kind]?.times) return [];
  return Object.values(call.arguments).flatMap((value) =>
    typeof value === 'object' && value !== null && 'flow' in value ? (value.flow as readonly FlowStep[]) : [],
  );
}
