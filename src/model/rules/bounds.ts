/** How large a score can become, as far as the text shows it. */
import type { FlowStep } from '../model.ts';
import type { Resolution, TaskScore } from '../resolution.ts';

/**
 * |Σ over channels|, before the task's factor: one per channel for a cosine, or an inner product of vectors of length 1.
 * Nothing where it is not bounded.
 */
export function scoreBound(resolution: Resolution, { call, channels, towers }: TaskScore): number | undefined {
  if (call.kind === 'cosine') return channels.length;
  const [query, item] = towers;
  const bounded = channels.every(
    (pair) => endsNormalized(resolution, query, pair.query) && endsNormalized(resolution, item, pair.item),
  );
  return call.kind === 'dot' && bounded ? channels.length : undefined;
}

function endsNormalized({ towers }: Pick<Resolution, 'towers'>, tower: string, step: string): boolean {
  const flow = towers.find(({ name }) => name === tower)?.steps.find(({ name }) => name === step)?.flow;
  if (!flow) return false;
  const last = flow.steps.at(-1);
  if (!last) return flow.from.kind === 'step' && endsNormalized({ towers }, tower, flow.from.name);
  return lastBlock(last) === 'normalize';
}

function lastBlock(step: FlowStep): string | undefined {
  if (step.kind === 'block') return step.call.kind;
  const last = step.steps.at(-1);
  return last && lastBlock(last);
}
