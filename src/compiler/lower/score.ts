/** Lowers the score of a task: pairs its channels, sums its terms and biases, and puts its factors into the query vector. */
import { type Diagnostic, diagnose } from '../../base/diagnostics/diagnostic.ts';
import { areSets } from '../../graph/vector_sets.ts';
import { type BlockContext, type ChannelPair, ShapeError, type VectorScore } from '../library/contract.ts';
import { scores } from '../library/scores/table.ts';
import { endToEnd } from '../library/values.ts';
import { joinQueries, mixedInterests, ownInterest } from '../library/vector_ops.ts';
import type { Model, ScoreUse, Task } from '../model/model.ts';
import { lowerBiases } from './bias.ts';
import { withoutConflict } from './inputs.ts';

/** Only the query tower may have several vectors for each row, except in channels that a score of sets reads. */
export type Channels = ReadonlyMap<string, ChannelPair['query']>;

/** Both towers of a model, lowered for the rows of a graph, and where their scores are lowered to. */
export interface Sides {
  readonly block: BlockContext;
  readonly model: Model;
  readonly query: Channels;
  readonly item: Channels;
  readonly diagnostics: Diagnostic[];
}

/**
 * Returns undefined if the score cannot be lowered; a missing channel has already been reported.
 * @param own the items of the events, for training: if a row has several vectors, the loss gets the one that its own item chooses, or mixes
 */
export function lowerScore(sides: Sides, task: Task, own?: Channels): VectorScore | undefined {
  const { block, diagnostics } = sides;
  const wholeScore = lowerSum(sides, task);
  if (wholeScore?.interests === undefined || own === undefined || areSets(wholeScore.item)) return wholeScore;
  const chooses = own === sides.item ? wholeScore : lowerSum({ ...sides, item: own, diagnostics: [] }, task);
  if (chooses === undefined) return undefined;
  const { interests: _, power, ...score } = wholeScore;
  const { builder } = block;
  return withoutConflict({ kind: task.name, span: task.score.span }, diagnostics, () => {
    if (power !== undefined && power > 1 && score.bound <= 1) {
      throw new ShapeError(
        `raises scores of at most ${score.bound} to the power ${power}, which makes the interests alike: divide the score, as in \`cosine(user, item) / 0.1\``,
      );
    }
    const query = builder.scope(`score/${task.name}`, () =>
      power === undefined || !block.training
        ? ownInterest(builder, wholeScore.query, chooses.item)
        : mixedInterests(builder, wholeScore.query, chooses.item, power),
    );
    return { ...score, query };
  });
}

function lowerSum(sides: Sides, task: Task): VectorScore | undefined {
  const { block, model, query, item, diagnostics } = sides;
  const { builder } = block;
  const { terms, span } = task.score;
  const lowered = terms.map((use, index) => {
    const scorePath = terms.length === 1 ? `score/${task.name}` : `score/${task.name}/${use.call.kind}_${index}`;
    return lowerTerm(sides, use, scorePath);
  });
  if (lowered.some((score) => score === undefined)) return undefined;
  const scoreParts = lowered as VectorScore[];
  const firstScore = scoreParts[0]!;
  const biases = builder.scope(`score/${task.name}`, () => lowerBiases(builder, model, task, firstScore, query, item));
  if ('diagnostic' in biases) {
    diagnostics.push(biases.diagnostic);
    return undefined;
  }
  if (biases.score) scoreParts.push(biases.score);
  if (scoreParts.length === 1) return firstScore;
  return withoutConflict({ kind: task.name, span }, diagnostics, () =>
    builder.scope(`score/${task.name}`, () => addUp(block, scoreParts)),
  );
}

/** Returns a sum of scores as one score with both sides concatenated. Throws ShapeError if two of them have several interests. */
export function addUp({ builder }: BlockContext, parts: readonly VectorScore[]): VectorScore {
  const { tensor, interests } = joinQueries(
    builder,
    parts.map(({ query, interests }) => ({ tensor: query, interests })),
  );
  const items = parts.map(({ item }) => item);
  const power = parts.find((part) => part.power !== undefined)?.power;
  const lifted = parts.find((part) => part.hasExtraColumns)?.hasExtraColumns;
  return {
    query: tensor,
    item: endToEnd(builder, items),
    width: parts.reduce((sum, { width }) => sum + width, 0),
    interests,
    power,
    hasExtraColumns: lifted,
    bound: parts.reduce((sum, { bound }) => sum + bound, 0),
  };
}

function lowerTerm(
  { block, model, query, item, diagnostics }: Sides,
  use: ScoreUse,
  path: string,
): VectorScore | undefined {
  const { call, channels, factor } = use;
  const pairs = channels.flatMap((pair) => {
    const [left, right] = [query.get(pair.query), item.get(pair.item)];
    return left && right ? [{ ...pair, channel: pair.query, left, right }] : [];
  });
  if (pairs.length < channels.length) return undefined;
  const odd = pairs.filter(({ left, right }) => left.width !== right.width);
  for (const { query: from, item: to, left, right } of odd) {
    diagnostics.push(oddWidths(model, use, from, to, [left.width, right.width]));
  }
  if (odd.length > 0) return undefined;
  return withoutConflict(call, diagnostics, () => {
    const channelPairs = pairs.map(({ channel, left, right }) => ({ channel, query: left, item: right }));
    const score = block.builder.scope(path, () => scores[call.kind]!.lower!(block, channelPairs, call.arguments));
    return scaled(block, score, factor);
  });
}

/** Multiplies a score. Throws ShapeError for the best of several interests and a negative factor, which would be the worst. */
export function scaled({ builder }: Pick<BlockContext, 'builder'>, score: VectorScore, factor: number): VectorScore {
  if (factor === 1) return score;
  if (score.interests !== undefined && factor < 0) {
    throw new ShapeError('takes the best of several vectors, so that its factor must be above 0');
  }
  return { ...score, query: builder.mul(score.query, factor), bound: score.bound * Math.abs(factor) };
}

function oddWidths(
  { towers }: Model,
  score: ScoreUse,
  query: string,
  item: string,
  widths: readonly [number, number],
): Diagnostic {
  const channelPlaces = [query, item].flatMap((channel, side) => {
    const tower = towers[side]!;
    const step = tower.steps.find((step) => step.name === channel);
    const lastStep = step?.flow.steps.at(-1) ?? step?.flow.from;
    return lastStep ? [{ message: `\`${tower.name}.${channel}\` is vector[${widths[side]}]`, at: lastStep.span }] : [];
  });
  const sides = { query: `${towers[0].name}.${query}`, item: `${towers[1].name}.${item}` };
  return diagnose(
    'channel-widths',
    score.call.span,
    { kind: score.call.kind, ...sides, widths },
    { notes: channelPlaces },
  );
}
