/** Which outputs a step has, where its last block gives several: `mmoe(click, like)`. */
import type { Library } from '../library.ts';
import type { Call, FlowStep } from '../model.ts';
import type { TowerStepPart } from '../resolution.ts';

/** None for a step that gives one value; nothing where the step is not sound. */
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

function ofCall({ blocks }: Library, call: Call): readonly string[] {
  return blocks[call.kind]?.outputs?.(call.arguments) ?? [];
}
