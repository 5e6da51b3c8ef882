/** Scores of sets of vectors, by the numbers of PyTorch: rows with fewer vectors, an empty item, and equals that share the gradient. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { scores } from '../../src/compiler/library/scores/table.ts';
import { type Builder, makeBuilder, type Ref } from '../../src/graph/builder.ts';
import { differentiate } from '../../src/graph/differentiate.ts';
import { evaluateGraph } from '../../src/graph/evaluate.ts';
import { maxSimOfAll, maxSimOfRows } from '../../src/graph/vector_sets.ts';
import { contextOf } from '../compiler/library/support.ts';
import { expectClose, expectGradientsToMatchDifferences, tensor } from './support.ts';

type Numbers = number[] | Numbers[];
interface Fixture {
  readonly inputs: Readonly<Record<'queries' | 'items' | 'weights' | 'there', Numbers[]>>;
  readonly scores: number[][];
  readonly gradients: Readonly<Record<'queries' | 'items', Numbers>>;
}
const fixture = JSON.parse(readFileSync('test/fixtures/max_sim.json', 'utf8')) as Fixture;
const { queries, items, weights, there } = fixture.inputs;
const [count, vectors] = [items.length, 3];

/** Lowers `max_sim` of two sequences. */
function sets(builder: Builder, query: Ref, item: Ref, there: Ref) {
  const asked = builder.constant([1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0], [3, 4]);
  const sequence = (tensor: Ref, mask: Ref) => {
    const length = tensor.type.shape[1] as number;
    const [name, maxLength, width] = ['list', length, 2];
    return { kind: 'sequence', name, tensor, mask, length, maxLength, width } as const;
  };
  return scores.max_sim!.lower!(
    contextOf(builder),
    [{ channel: 'tokens', query: sequence(query, asked), item: sequence(item, there) }],
    {},
  );
}

describe('the scores and gradients of PyTorch', () => {
  /** Scores each query against all items, once as columns that all share and once as items that each row has for itself. */
  const ways = {
    'of all items': (builder: Builder, query: Ref, item: Ref) => maxSimOfAll(builder, query, item),
    'of items of the row': (builder: Builder, query: Ref, item: Ref) => {
      const each = builder.concat([item, item, item], 0);
      return maxSimOfRows(builder, query, each, count);
    },
  };
  it.each(Object.entries(ways))('%s', (_, score) => {
    const builder = makeBuilder('max_sim');
    const [query, item] = [builder.input('queries', [3, 4, 2]), builder.input('items', [count, vectors, 2])];
    const lowered = sets(builder, query, item, builder.input('there', [count, vectors]));
    expect(lowered).toMatchObject({ width: 3, interests: 4, hasExtraColumns: true });
    const y = score(builder, lowered.query, lowered.item);
    builder.output('scores', y);
    const loss = builder.sum(builder.mul(y, builder.input('weights', [3, count])), [0, 1]);
    const [byQuery, byItem] = differentiate(builder, loss, [query, item]);
    builder.output('byQuery', byQuery!);
    builder.output('byItem', byItem!);
    const inputs = { queries: tensor(queries), items: tensor(items), weights: tensor(weights), there: tensor(there) };
    const { outputs } = evaluateGraph(builder.finish(), inputs, {});
    expectClose(outputs.scores!.data, fixture.scores.flat(), 1e-6);
    expectClose(outputs.byQuery!.data, fixture.gradients.queries.flat(2) as number[], 1e-6);
    expectClose(outputs.byItem!.data, fixture.gradients.items.flat(2) as number[], 1e-6);
  });
});

describe('the gradient agrees with central differences', () => {
  it.each([
    ['over the batch', 1, maxSimOfAll],
    ['over items of each row', 2, (b: Builder, q: Ref, v: Ref) => maxSimOfRows(b, q, v, 2)],
  ] as const)('%s', (_, perRow, score) => {
    const shape = [3 * perRow, vectors] as const;
    const mask = [1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0].slice(0, 9 * perRow);
    expectGradientsToMatchDifferences({
      inputs: [{ shape: [3, 4, 2] }, { shape: [...shape, 2] }],
      build(builder, query, item) {
        const lowered = sets(builder, query!, item!, builder.constant(mask, shape));
        return score(builder, lowered.query, lowered.item);
      },
    });
  });
});
