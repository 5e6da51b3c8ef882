/** The tables of a plan, foreseen before any of them is made. */
import { expect, it } from 'vitest';
import { Failure } from '../../../src/base/diagnostics/diagnostic.ts';
import { makeSource } from '../../../src/base/text/source.ts';
import { compileSource } from '../../../src/compiler/pipeline.ts';
import type { Encoding } from '../../../src/data/dataset.ts';
import { makeTables } from '../../../src/training/embedding/tables.ts';

const planOf = (dim: number) =>
  compileSource(
    makeSource(
      'wide.tower',
      `model wide
features { user_id: id(dim: 4), history: list(item_id, max: 5), item_id: id(dim: ${dim}) }
tower user(user_id, history) keyed by user_id { channel main = concat(user_id, history) -> dense(4) }
tower item(item_id) keyed by item_id { channel main = item_id -> dense(4) }
task see { score = cosine(user, item), loss = softmax(in_batch, temperature: 0.1) }
train { batch = 256 }
`,
    ),
  ).lowered!.plan;

const vocabulary: Encoding = { kind: 'vocabulary', values: Array.from({ length: 300 }, (_, at) => `v${at}`) };
const encodings = new Map(['user_id', 'item_id'].map((name) => [name, vocabulary]));

function codeOf(dim: number): string | undefined {
  try {
    makeTables(planOf(dim), encodings);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    return (error as Failure).diagnostics[0]?.code;
  }
}

it('a table whose rows of a step leave no room in its memory is refused before it is made', () => {
  expect(codeOf(16)).toBeUndefined();
  // What a step looks up, for the ids and for the histories, is 2.4 GB, and twice that where the rows are in memories of their own.
  expect(['table-too-large', 'too-large-for-memory']).toContain(codeOf(1_200_000));
});

it('a table of moments has its own row numbers, which no step changes', () => {
  const { plan } = compileSource(
    makeSource(
      'timed.tower',
      `model timed
features { user_id: id(dim: 0), history: list(item_id, max: 5, pool: none), when: along(history, time(moment)), item_id: id(dim: 4) }
tower user(history, when) keyed by user_id { channel main = transformer(history, when) -> last }
tower item(item_id) keyed by item_id { channel main = item_id -> flatten }
task see { score = dot(user, item), loss = softmax(sampled(8)) }
`,
    ),
  ).lowered!;
  const clock: Encoding = { kind: 'clock', part: 'moment' };
  const rows = makeTables(plan, new Map<string, Encoding>([...encodings, ['when', clock]]))
    .get('when')!
    .read();
  expect(rows).toHaveLength(876_601);
  // Comparing so many numbers by `toEqual` takes minutes on a busy machine.
  expect(rows.every((hour, row) => hour === row)).toBe(true);
  expect(plan.step.graph.outputs.map(({ name }) => name)).not.toContain('gradient:when');
});
