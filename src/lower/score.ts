/** A task's score: its channels paired, and its factor on the side that asks. */
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts';
import { type BlockContext, type Score, ShapeError, type Vector } from '../library/contract.ts';
import { scores } from '../library/scores/table.ts';
import type { Model, Task } from '../model/model.ts';

export type Channels = ReadonlyMap<string, Vector>;

/** Undefined when it cannot be made: a channel that is missing was reported where it went wrong. */
export function lowerScore(
  context: BlockContext,
  model: Model,
  task: Task,
  query: Channels,
  item: Channels,
  diagnostics: Diagnostic[],
): Score | undefined {
  const { call, channels, factor } = task.score;
  const pairs = channels.flatMap((pair) => {
    const [left, right] = [query.get(pair.query), item.get(pair.item)];
    return left && right ? [{ ...pair, channel: pair.query, left, right }] : [];
  });
  if (pairs.length < channels.length) return undefined;
  const odd = pairs.filter(({ left, right }) => left.width !== right.width);
  for (const { query: from, item: to, left, right } of odd) {
    diagnostics.push(oddWidths(model, task, from, to, [left.width, right.width]));
  }
  if (odd.length > 0) return undefined;
  try {
    const score = context.builder.scope(`score/${task.name}`, () =>
      scores[call.kind]!.lower(
        context,
        pairs.map(({ channel, left, right }) => ({ channel, query: left, item: right })),
        call.arguments,
      ),
    );
    return scaled(context, score, factor);
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    diagnostics.push(diagnose('arguments-conflict', call.span, { kind: call.kind, reason: error.reason }));
    return undefined;
  }
}

function scaled({ builder }: BlockContext, score: Score, factor: number): Score {
  if (factor === 1) return score;
  return {
    ...score,
    query: builder.mul(score.query, factor),
    ...(score.bound === undefined ? {} : { bound: score.bound * Math.abs(factor) }),
  };
}

function oddWidths(
  { towers }: Model,
  { score }: Task,
  query: string,
  item: string,
  widths: readonly [number, number],
): Diagnostic {
  const places = [query, item].flatMap((channel, side) => {
    const tower = towers[side]!;
    const step = tower.steps.find((step) => step.name === channel);
    const last = step?.flow.steps.at(-1) ?? step?.flow.from;
    return last ? [{ message: `\`${tower.name}.${channel}\` is vector[${widths[side]}]`, at: last.span }] : [];
  });
  const facts = {
    kind: score.call.kind,
    query: `${towers[0].name}.${query}`,
    item: `${towers[1].name}.${item}`,
    widths,
  };
  return diagnose('channel-widths', score.call.span, facts, { notes: places });
}
