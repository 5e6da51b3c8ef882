/** Checks the maximum size of scores, as far as the file shows it, against the needs of their losses. */
import type { Edit } from '../../../base/diagnostics/diagnostic.ts';
import { type Span, spanText } from '../../../base/text/source.ts';
import type { BoundKind, KindRow } from '../../library/contract.ts';
import type { ExpressionNode, TaskNode } from '../../syntax/ast.ts';
import type { FlowStep, ScoreUse } from '../model.ts';
import { insertion } from '../report.ts';
import type { Resolution, Rule, TaskScore } from '../resolution.ts';

/** Returns the maximum of |score| with its factors; undefined if there is no bound, for example because of a bias. */
export function scoreBound(resolution: Resolution, { terms, biases = [], towers }: TaskScore): number | undefined {
  if (biases.length > 0) return undefined;
  const bounds = terms.map((term) => {
    const bound = termBound(resolution, term, towers);
    return bound === undefined ? undefined : bound * Math.abs(term.factor);
  });
  return bounds.every((bound) => bound !== undefined) ? bounds.reduce((sum, bound) => sum + bound, 0) : undefined;
}

/** Returns the maximum of |Σ over channels| without the factor, for vectors of length 1 at most; undefined if unbounded. Infinity: the length of lists decides. */
function termBound(
  resolution: Resolution,
  { call, channels }: ScoreUse,
  [query, item]: TaskScore['towers'],
): number | undefined {
  if (call.kind === 'cosine') return channels.length;
  const bounded = channels.every(
    (pair) => hasBoundedVectors(resolution, query, pair.query) && hasBoundedVectors(resolution, item, pair.item),
  );
  const largest = { dot: 1, distance: 4, max_sim: Number.POSITIVE_INFINITY }[call.kind];
  return largest !== undefined && bounded ? largest * channels.length : undefined;
}

/** True if a channel ends in a block whose vectors have length 1 at most. */
function hasBoundedVectors({ towers }: Pick<Resolution, 'towers'>, tower: string, step: string): boolean {
  const flow = towers.find(({ name }) => name === tower)?.steps.find(({ name }) => name === step)?.flow;
  if (!flow) return false;
  const lastStep = flow.steps.at(-1);
  if (!lastStep)
    return (
      flow.from.kind === 'step' &&
      flow.from.output === undefined &&
      hasBoundedVectors({ towers }, tower, flow.from.name)
    );
  return ['normalize', 'ball'].includes(lastBlock(lastStep) ?? '');
}

function lastBlock(step: FlowStep): string | undefined {
  if (step.kind === 'block') return step.call.kind;
  const lastStep = step.kind === 'declared' ? step.steps.at(-1) : undefined;
  return lastStep && lastBlock(lastStep);
}

/** Returns the names of the tasks that are factors of a product. */
export const factorNames = ({ tasks }: Pick<Resolution, 'tasks'>): ReadonlySet<string> =>
  new Set(tasks.flatMap(({ product }) => product?.factors.map(({ name }) => name) ?? []));

/** With a smaller bound the sigmoid of a score cannot reach 0.95, so the loss punishes even a certain answer forever. */
const enough = 3;

/** A binary loss cannot learn probabilities beyond the bound of its score. */
export const bceScale: Rule = (resolution, report) => {
  const factors = factorNames(resolution);
  for (const { name, loss, score } of resolution.tasks) {
    // Without a loss the task is a factor of a product, which takes the sigmoid of the unscaled score.
    if (!score || !(loss ? resolution.library.losses[loss.kind]!.label === 'binary' : factors.has(name))) continue;
    const bound = scoreBound(resolution, score);
    if (bound === undefined) continue;
    const scale = typeof loss?.arguments.scale === 'number' ? loss.arguments.scale : 1;
    const reach = bound * scale;
    if (reach >= enough) continue;
    const high = 1 / (1 + Math.exp(-reach));
    const scoreFacts = {
      score: score.terms[0]!.call.kind,
      low: (1 - high).toFixed(2),
      high: high.toFixed(2),
      ...(loss ? { loss: loss.kind } : {}),
    };
    const [term, ...others] = score.terms;
    const plain = others.length === 0 && Math.abs(term!.factor) === 1;
    const fixes = plain ? [[insertion(score.span.source, score.span.end, ' / 0.1')]] : [];
    report('bce-unscaled', score.span, scoreFacts, { fixes });
  }
};

/**
 * The mean of a label is only useful in an estimate of the label. A loss that compares items ignores constants, and a loss of directions ignores all
 * biases.
 */
export const biases: Rule = ({ tasks, library }, report) => {
  for (const { score, loss, hasNoLoss } of tasks) {
    if (!score?.biases) continue;
    if (!loss) {
      // It is a factor of a product, so its score is a logit.
      const mean = hasNoLoss && score.biases.find(({ kind }) => kind === 'mean');
      if (mean) report('mean-needs-number', mean.span, {});
      continue;
    }
    const row = library.losses[loss.kind]!;
    for (const bias of score.biases) {
      if (row.normalizesVectors)
        report('bias-with-directions', bias.span, { bias: spanText(bias.span), loss: loss.kind });
      else if (bias.kind === 'mean' && row.label !== 'number')
        report('mean-needs-number', bias.span, { loss: loss.kind });
      else if (row.relative && (bias.kind !== 'channel' || bias.side === 'query'))
        report('bias-cancels', bias.span, { bias: spanText(bias.span), loss: loss.kind });
    }
  }
};

/** A temperature is only meaningful for scores with a known bound. */
export const temperature: Rule = (resolution, report) => {
  // The bound of a score is only known if the flows are valid.
  if (resolution.towers.some(({ steps }) => steps.some(({ flow }) => flow === undefined))) return;
  for (const { loss, score, node } of resolution.tasks) {
    if (!loss || !score || !resolution.library.losses[loss.kind]!.needsItemKey) continue;
    // A factor of 1, the default of some losses, has no effect.
    const argument = sharpness.find((name) => (loss.arguments[name] ?? 1) !== 1);
    if (argument === undefined || scoreBound(resolution, score) !== undefined) continue;
    const at = argumentSpan(node, argument) ?? loss.span;
    const term = score.terms.find((term) => termBound(resolution, term, score.towers) === undefined);
    // A bias is unbounded too, but intended.
    if (!term) continue;
    const fix = normalized(resolution, term, score.towers);
    const scoreFacts = { score: term.call.kind, argument };
    report('temperature-unnormalised', at, scoreFacts, { fixes: fix.length > 0 ? [fix] : [] });
  }
};

/** Arguments that scale the score before a softmax. */
const sharpness = ['temperature', 'scale'];

/** Returns edits that append `-> normalize` to each channel that the term reads. */
function normalized({ towers }: Resolution, { channels }: ScoreUse, sides: TaskScore['towers']): Edit[] {
  return sides.flatMap((name, side) => {
    const read = new Set(channels.map((pair) => (side === 0 ? pair.query : pair.item)));
    const steps = towers.find((tower) => tower.name === name)?.steps ?? [];
    return steps
      .filter((step) => read.has(step.name))
      .map(({ node: { flow } }) => insertion(flow.span.source, flow.span.end, ' -> normalize'));
  });
}

/** Beyond this factor the softmax depends only on its hardest negative. Published temperatures scale a cosine by 5 to 50. */
const most = 100;
/** Up to this factor the best item is at most e² times as likely as the worst, so there is little to learn. */
const least = 1;

/** A cosine is between −1 and 1, so its factor limits how sharp a softmax over it can be. */
export const temperatureExtreme: Rule = (resolution, report) => {
  for (const { loss, score, node } of resolution.tasks) {
    if (!loss || !score) continue;
    const row = resolution.library.losses[loss.kind]!;
    // Losses with a margin, such as `hinge`, have neither.
    if (!row.needsItemKey || !('scale' in row.parameters || 'temperature' in row.parameters)) continue;
    const bound = scoreBound(resolution, score);
    if (bound === undefined || bound === Number.POSITIVE_INFINITY) continue;
    const argument = ['temperature', 'scale'].find((name) => loss.arguments[name] !== undefined);
    const givenTemperature = argument === undefined ? 1 : firstOf(loss.arguments[argument]);
    const channels = score.terms.reduce((sum, term) => sum + term.channels.length, 0);
    // Rounds the quotient, so that 1 / 0.01 is 100.
    const stretch = Number(
      ((bound / channels) * (argument === 'temperature' ? 1 / givenTemperature : givenTemperature)).toPrecision(12),
    );
    if (stretch > least && stretch <= most) continue;
    const writtenLoss = node.entries.find(({ name }) => name.name === 'loss')?.value;
    const plain = argument === undefined && score.terms.every(({ factor }) => factor === 1);
    const written = argument === undefined ? undefined : argumentSpan(node, argument);
    const at = written ?? (plain ? loss.span : score.span);
    const facts = { stretch: Number(stretch.toPrecision(3)), sharp: stretch > most };
    report('temperature-extreme', at, facts, plain && writtenLoss ? { fixes: [[stretched(writtenLoss, row)]] } : {});
  }
};

/** On MovieLens latest-small `mf_bsl` learns with 1.1, and with 1.22 its recall falls to 0 while the loss falls. */
const mostWeight = 1.1;

/** Where negatives count more than the row's own item, one direction away from all users is worth as much as a ranking. */
export const negativesOutweigh: Rule = ({ tasks }, report) => {
  for (const { loss, score, node } of tasks) {
    const weight = loss?.kind === 'bsl' ? loss.arguments.weight : undefined;
    if (!score || typeof weight !== 'number' || weight <= mostWeight) continue;
    report('negatives-outweigh', argumentSpan(node, 'weight') ?? loss!.span, { weight, score: spanText(score.span) });
  }
};

/** A margin that no two scores can reach makes the loss a straight line. */
export const marginWithoutEffect: Rule = (resolution, report) => {
  for (const { loss, score, node } of resolution.tasks) {
    const margin = loss?.arguments.margin;
    if (!loss || !score || typeof margin !== 'number') continue;
    const bound = scoreBound(resolution, score);
    if (bound === undefined || margin < 2 * bound) continue;
    const facts = { loss: loss.kind, margin, apart: Number((2 * bound).toPrecision(3)) };
    report('margin-without-effect', argumentSpan(node, 'margin') ?? loss.span, facts);
  }
};

/** Returns the span of a written argument of the task's loss. */
function argumentSpan({ entries }: TaskNode, name: string): Span | undefined {
  const written = entries.find((entry) => entry.name.name === 'loss')?.value;
  return written?.kind === 'Call' ? written.arguments.find((each) => each.name?.name === name)?.span : undefined;
}

/** Returns the number; for a trained one, its initial value. */
const firstOf = (given: unknown): number =>
  typeof given === 'number' ? given : ((given as BoundKind).arguments.from as number);

/** Returns an edit that sets the scale of a cosine to that of most papers. */
function stretched(loss: ExpressionNode, { parameters }: KindRow): Edit {
  const argument = 'temperature' in parameters ? 'temperature: 0.1' : 'scale: 10';
  const { source, end } = loss.span;
  if (loss.kind !== 'Call') return insertion(source, end, `(${argument})`);
  const lastArgument = loss.arguments.at(-1);
  return insertion(
    source,
    lastArgument ? lastArgument.span.end : loss.callee.span.end + 1,
    `${lastArgument ? ', ' : ''}${argument}`,
  );
}
