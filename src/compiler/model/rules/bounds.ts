/** How large a score can become, as far as the text shows it. */
import type { FlowStep, ScoreUse } from '../model.ts';
import type { Resolution, TaskScore } from '../resolution.ts';

/** |score| with its factors; nothing where it is not bounded, as with a bias. */
export function scoreBound(resolution: Resolution, { terms, biases = [], towers }: TaskScore): number | undefined {
  if (biases.length > 0) return undefined;
  const bounds = terms.map((term) => {
    const bound = termBound(resolution, term, towers);
    return bound === undefined ? undefined : bound * Math.abs(term.factor);
  });
  return bounds.every((bound) => bound !== undefined) ? bounds.reduce((sum, bound) => sum + bound, 0) : undefined;
}

/**
 * |Σ over channels|, before its factor: one per channel for a cosine, or an inner product of vectors of length 1. Nothing where
 * it is not bounded.
 */
export function termBound(
  resolution: Resolution,
  { call, channels }: ScoreUse,
  [query, item]: TaskScore['towers'],
): number | undefined {
  if (call.kind === 'cosine') return channels.length;
  const bounded = channels.every(
    (pair) => endsNormalized(resolution, query, pair.query) && endsNormalized(resolution, item, pair.item),
  );
  return call.kind === 'dot' && bounded ? channels.length : undefined;
}

function endsNormalized({ towers }: Pick<Resolution, 'towers'>, tower: string, step: string): boolean {
  const flow = towers.find(({ name }) => name === tower)?.steps.find(({ name }) => name === step)?.flow;
  if (!flow) return false;
  const last = flow.steps.at(-1);
  if (!last)
    return (
      flow.from.kind === 'step' && flow.from.output === undefined && endsNormalized({ towers }, tower, flow.from.name)
    );
  return lastBlock(last) === 'normalize';
}

function lastBlock(step: FlowStep): string | undefined {
  if (step.kind === 'block') return step.call.kind;
  const last = step.steps.at(-1);
  return last && lastBlock(last);
}
