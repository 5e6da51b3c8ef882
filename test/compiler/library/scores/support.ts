/** One score as a graph over the channels of two towers. */
import type { ChannelPair, VectorScore } from '../../../../src/compiler/library/contract.ts';
import { scores } from '../../../../src/compiler/library/scores/table.ts';
import { bindDefaults } from '../../../../src/compiler/model/arguments.ts';
import { type Builder, makeBuilder } from '../../../../src/graph/builder.ts';
import { evaluateGraph } from '../../../../src/graph/evaluate.ts';
import { initialValues } from '../../../../src/graph/initial.ts';
import { batch, contextOf, random, rowsOf } from '../support.ts';

/** Channels `c0`, `c1`, … of these widths, with inputs `q0`, `i0`, … */
export function pairsOf(builder: Builder, widths: readonly number[], normalized = false): ChannelPair[] {
  return widths.map((width, at) => {
    const side = (name: string) =>
      ({ kind: 'vector', tensor: builder.input(`${name}${at}`, [batch, width]), width, normalized }) as const;
    return { channel: `c${at}`, query: side('q'), item: side('i') };
  });
}

export const lowered = (builder: Builder, kind: string, pairs: ChannelPair[]): VectorScore =>
  scores[kind]!.lower!(contextOf(builder), pairs, bindDefaults(kind, scores[kind]!, {}, undefined as never).arguments);

/** The score of each of three queries with each of three items, over channels of widths 2 and 4. */
export function scoresOf(kind: string): number[][] {
  const builder = makeBuilder(kind);
  const { query, item } = lowered(builder, kind, pairsOf(builder, [2, 4]));
  builder.output('scores', builder.matMul(query, item, { transposeB: true }));
  const graph = builder.finish();
  const inputs = { q0: random([3, 2], 1), i0: random([3, 2], 2), q1: random([3, 4], 3), i1: random([3, 4], 4) };
  return rowsOf(evaluateGraph(graph, inputs, initialValues(graph, 1)).outputs.scores!);
}
