/** `correction: refined`. PyTorch's numbers are in `test/fixtures/losses/softmax.json`. */
import { expect, test } from 'vitest';
import { lower } from '../../../../src/compiler/lower/lower.ts';
import { evaluateGraph } from '../../../../src/graph/evaluate.ts';
import { expectClose, floats, integers, modelOf, random, rowsOf, smallModel } from '../support.ts';
import { lossGraph } from './support.ts';

const width = 3;
const items = 5;
const own = [0, 3];
const corpus = random([items, width], 4);

/** Each row has drawn every other item once. */
const others = own.flatMap((item) => rowsOf(corpus).filter((_, at) => at !== item));
const own_items = own.flatMap((item) => rowsOf(corpus)[item]!);
const query = random([2, width], 5);

test('with every other item drawn once its gradient is that of the softmax over all items', () => {
  const sampled = { kind: 'sampled', arguments: { n: items - 1, by: 'corpus' } };
  const refined = evaluateGraph(
    lossGraph({ kind: 'softmax', width, arguments: { negatives: sampled, correction: 'refined', temperature: 0.5 } })
      .graph,
    {
      query,
      item: floats([2, width], own_items),
      'sampled_4_corpus/item': floats([2 * (items - 1), width], others.flat()),
      'hits/sampled_4_corpus/video_id': integers([0, 2], []),
      'draw_pool/corpus/video_id': floats([], [items]),
    },
    {},
  ).outputs;
  const all = evaluateGraph(
    lossGraph({ kind: 'softmax', width, arguments: { all: true, temperature: 0.5 } }).graph,
    {
      query,
      item: floats([2, width], own_items),
      'corpus/item': corpus,
      'corpus/places/video_id': integers([2], own),
      'corpus/has/video_id': floats([2], [1, 1]),
    },
    {},
  ).outputs;
  expectClose(refined['gradient:query']!.data, all['gradient:query']!.data, 1e-5);
  // Of the items, those of the corpus add up what their places in the rows have.
  const summed = new Float64Array(items * width);
  own.forEach((item, row) => {
    const rest = [0, 1, 2, 3, 4].filter((at) => at !== item);
    for (let d = 0; d < width; d++) {
      summed[item * width + d]! += refined['gradient:item']!.data[row * width + d]!;
      rest.forEach((at, place) => {
        const from = (row * (items - 1) + place) * width + d;
        summed[at * width + d]! += refined['gradient:sampled_4_corpus/item']!.data[from]!;
      });
    }
  });
  expectClose(all['gradient:corpus/item']!.data, summed, 1e-5);
});

test('a row without a negative loses nothing', () => {
  const { graph } = lossGraph({ kind: 'softmax', width: 1, arguments: { in_batch: true, correction: 'refined' } });
  const { outputs } = evaluateGraph(
    graph,
    {
      query: floats([2, 1], [1, 1]),
      item: floats([2, 1], [1, 1]),
      'log_q/video_id': floats([2], [-1, -1]),
      'hits/video_id/own': integers([4, 2], [0, 0, 0, 1, 1, 0, 1, 1]),
    },
    {},
  );
  for (const { data } of Object.values(outputs)) expectClose(data, new Float32Array(data.length));
});

const reasonOf = (args: string): string | undefined =>
  lower(modelOf(smallModel({ task: `loss = softmax(temperature: 0.1, correction: refined, ${args})` }))).diagnostics[0]
    ?.message;

test.each([
  ['smoothing: 0.1', '`smoothing`'],
  ['symmetric', '`symmetric`'],
  ['accidental_hits: keep', '`accidental_hits: keep`'],
  ['sampled(4, by: frequency, power: 0.5)', 'without a `power`'],
  ['all', 'needs no `correction`'],
])('%s is refused', (args, reason) => {
  expect(reasonOf(args)).toContain(reason);
});

test.each([
  'in_batch',
  'sampled(4)',
  'sampled(4, by: frequency)',
  'in_batch, sampled(4)',
  'sampled(4, shared), margin: 0.1',
])('%s is not', (args) => {
  expect(reasonOf(args)).toBeUndefined();
});
