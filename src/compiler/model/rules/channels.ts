/** Checks that towers have channels, and how these end. */
import type { Library } from '../library.ts';
import type { Call, FlowStep } from '../model.ts';
import { fittedTerm } from '../references.ts';
import { insertion } from '../report.ts';
import type { ResolvedStep, ResolvedTower, Rule } from '../resolution.ts';
import { repeatedSteps } from '../resolve/resolve_towers.ts';

/** A tower needs a channel, because it has no other outputs. */
export const towerChannel: Rule = ({ towers, tasks, library }, report) => {
  // A fitted score reads no channels, and an invalid score may have been meant for one.
  const isFitted = tasks.some((task) => fittedTerm(task, library));
  const isUnknown = tasks.some(({ score, product }) => !score && !product);
  for (const { name, span, steps } of towers) {
    if (steps.some(({ channel }) => channel) || isFitted || (isUnknown && steps.length === 0)) continue;
    const lastSpan = steps.at(-1)?.node.span;
    const fix = lastSpan && insertion(lastSpan.source, lastSpan.start, 'channel ');
    report('tower-without-channel', span, { tower: name }, { fixes: fix && [[fix]] });
  }
};

/** Returns the last library block of a channel other than `normalize`, following the steps that its flow starts from. */
function lastBlockOf({ flow }: ResolvedStep, tower: ResolvedTower, library: Library): Call | undefined {
  if (!flow) return undefined;
  const ownLastStep = opened(flow.steps, library).findLast(({ kind }) => kind !== 'normalize' && kind !== 'ball');
  if (ownLastStep) return ownLastStep;
  const { from } = flow;
  if (from.kind !== 'step' || from.output !== undefined) return undefined;
  const sourceStep = tower.steps.find(({ name }) => name === from.name);
  return sourceStep && lastBlockOf(sourceStep, tower, library);
}

/** Returns the library blocks of which steps consist. A formula stands for itself, as a call of no known kind. */
function opened(steps: readonly FlowStep[], library: Library): readonly Call[] {
  return steps.flatMap((step): readonly Call[] => {
    if (step.kind === 'declared') return opened(step.steps, library);
    if (step.kind === 'formula') return [{ kind: step.name, span: step.span, arguments: {} }];
    const repeated = repeatedSteps(library, step.call);
    return repeated.length > 0 ? opened(repeated, library) : [step.call];
  });
}

/** Dropout must be followed by a layer that can compensate for it. */
export const lastDropout: Rule = ({ towers, library }, report) => {
  for (const tower of towers) {
    for (const step of tower.steps.filter(({ channel }) => channel)) {
      if (lastBlockOf(step, tower, library)?.kind !== 'dropout') continue;
      const { flow } = step.node;
      const steps = flow.kind === 'Flow' ? flow.steps : [];
      const [before, last] = [steps.at(-2), steps.at(-1)];
      const direct =
        before && last && (last.kind === 'Call' ? last.callee.name : last.kind === 'Name' && last.parts[0]!.name);
      const dropoutSpan = direct === 'dropout' ? last!.span : step.span;
      const fix = direct === 'dropout' && { at: { ...last!.span, start: before!.span.end }, text: '' };
      report('last-dropout', dropoutSpan, { tower: tower.name, channel: step.name }, fix ? { fixes: [[fix]] } : {});
    }
  }
};

/** Activations whose values are never negative. */
const nonnegative = ['relu', 'sigmoid', 'softplus'];

/** Vectors without negative numbers lie in one corner of the space, so no cosine between them is negative. */
export const nonnegativeChannel: Rule = ({ towers, tasks, library }, report) => {
  const read = new Set(
    tasks.flatMap(({ score }) => score?.terms.flatMap((term) => channelsOf(term, score.towers)) ?? []),
  );
  for (const tower of towers) {
    for (const step of tower.steps) {
      if (!step.channel || !read.has(`${tower.name}.${step.name}`)) continue;
      const block = lastBlockOf(step, tower, library);
      const activation = block && activationOf(block);
      if (activation === undefined || !nonnegative.includes(activation)) continue;
      report('nonnegative-channel', step.span, { tower: tower.name, channel: step.name, activation });
    }
  }
};

function channelsOf(
  { channels }: { readonly channels: readonly { readonly query: string; readonly item: string }[] },
  [query, item]: readonly [string, string],
): string[] {
  return channels.flatMap((pair) => [`${query}.${pair.query}`, `${item}.${pair.item}`]);
}

/** Returns the activation after a block's last layer. */
function activationOf({ kind, arguments: given }: Call): string | undefined {
  const lastActivation = kind === 'mlp' ? given.last : kind === 'dense' ? given.activation : undefined;
  return typeof lastActivation === 'string' ? lastActivation : undefined;
}
