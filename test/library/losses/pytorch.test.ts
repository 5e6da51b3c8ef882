/** Losses and their gradients against PyTorch: test/fixtures/losses.py. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { evaluate } from '../../../src/graph/evaluate.ts';
import type { Tensor } from '../../../src/graph/graph.ts';
import { losses } from '../../../src/library/losses/table.ts';
import { expectClose, floats, integers } from '../support.ts';
import { type LossCase, lossGraph } from './support.ts';

const fixture = JSON.parse(readFileSync('test/fixtures/losses.json', 'utf8')) as {
  readonly inputs: Readonly<Record<string, number[]>>;
  readonly pairs: Readonly<Record<string, [number, number][]>>;
  readonly cases: Readonly<Record<string, { readonly loss: number; readonly gradients: Record<string, number[]> }>>;
};
const [rows, width, perRow, beside] = [5, 3, 4, 6];

const numbers = (name: string, shape: readonly number[]): Tensor => floats(shape, fixture.inputs[name]!);
const pairs = (name: string, more: readonly (readonly [number, number])[] = []): Tensor => {
  const all = [...more, ...fixture.pairs[name]!];
  return integers([all.length, 2], all.flat());
};
const diagonal = Array.from({ length: rows }, (_, at) => [at, at] as const);

/** By the name of a graph's input. */
const inputs: Readonly<Record<string, Tensor>> = {
  query: numbers('query', [rows, width]),
  item: numbers('item', [rows, width]),
  'sampled_4_uniform/item': numbers('drawn', [rows * perRow, width]),
  'shared_6_uniform/item': numbers('shared', [beside, width]),
  weight: numbers('weight', [rows]),
  'log_q/video_id': numbers('logQ', [rows]),
  'log_q/mixed_shared_6_uniform/video_id': numbers('logQ', [rows]),
  'log_q/mixed_shared_6_uniform/shared_6_uniform/video_id': numbers('logQShared', [beside]),
  'hits/video_id': pairs('hits'),
  'hits/video_id/history': pairs('hits'),
  'hits/video_id/own': pairs('hits', diagonal),
  'hits/video_id/same_user_id': pairs('ofQuery'),
  'hits/shared_6_uniform/video_id': pairs('shared'),
  'hits/sampled_4_uniform/video_id': pairs('drawn'),
  'positives/user_id': pairs('positives'),
};

const drawn = { kind: 'sampled', arguments: { n: perRow, by: 'uniform' } };
const shared = { kind: 'sampled', arguments: { n: beside, by: 'uniform' } };
const mixed = { in_batch: true, negatives: shared, temperature: 0.5, correction: 'frequency' };

interface Case extends Omit<LossCase, 'width' | 'label'> {
  readonly label?: 'binary' | 'number';
  readonly alone?: boolean;
}

const cases: Readonly<Record<string, Case>> = {
  mixed: { kind: 'softmax', arguments: mixed },
  mixed_smoothed: { kind: 'softmax', arguments: { ...mixed, smoothing: 0.1 } },
  smoothed: { kind: 'softmax', arguments: { temperature: 0.5, smoothing: 0.2, mask: 'history' } },
  smoothed_plain: { kind: 'softmax', arguments: { smoothing: 0.1, accidental_hits: 'keep' }, alone: true },
  sampled_smoothed: { kind: 'softmax', arguments: { negatives: drawn, smoothing: 0.2 } },
  listwise: { kind: 'listwise', arguments: { temperature: 0.5, correction: 'frequency' } },
  bpr: { kind: 'bpr', arguments: { scale: 3 } },
  bpr_sampled: { kind: 'bpr', arguments: { negatives: drawn } },
  hinge: { kind: 'hinge', arguments: { margin: 0.7 } },
  hinge_hardest: { kind: 'hinge', arguments: { margin: 0.7, negatives: drawn, over: 'hardest' } },
  focal: { kind: 'focal', label: 'binary', arguments: { gamma: 1.5, alpha: 0.25, scale: 2 } },
  focal_even: { kind: 'focal', label: 'binary' },
  bce_smoothed: { kind: 'bce', label: 'binary', arguments: { smoothing: 0.1 } },
  huber: { kind: 'huber', label: 'number', arguments: { delta: 0.8 } },
  in_batch: { kind: 'softmax', arguments: { in_batch: true, temperature: 0.5, correction: 'frequency' } },
  sampled: { kind: 'softmax', arguments: { negatives: drawn, scale: 10 } },
  bce: { kind: 'bce', label: 'binary', arguments: { scale: 2 } },
  mse: { kind: 'mse', label: 'number' },
};

test('every case of the fixture has one here', () => {
  expect(Object.keys(cases)).toEqual(Object.keys(fixture.cases));
});

test('every loss has a case', () => {
  const covered = new Set(Object.values(cases).map(({ kind }) => kind));
  expect(Object.keys(losses).filter((kind) => !covered.has(kind))).toEqual([]);
});

test.each(Object.entries(cases))('%s has the value and the gradients that PyTorch gives', (name, testCase) => {
  const { label, alone, ...rest } = testCase;
  const { graph, raw } = lossGraph({ ...rest, width, label: label !== undefined, weighted: alone !== true });
  const expected = fixture.cases[name]!;
  for (const each of [raw, graph]) {
    const given = Object.fromEntries(
      each.inputs.map((input) => {
        const tensor = input.name === 'label' ? numbers(label!, [rows]) : inputs[input.name];
        expect(tensor, input.name).toBeDefined();
        return [input.name, tensor!];
      }),
    );
    const { outputs } = evaluate(each, given, {});
    expectClose(outputs.loss!.data, [expected.loss], 1e-5);
    for (const [by, gradient] of Object.entries(expected.gradients)) {
      const input = { drawn: 'sampled_4_uniform/item', shared: 'shared_6_uniform/item' }[by] ?? by;
      expectClose(outputs[`gradient:${input}`]!.data, gradient, 1e-5);
    }
  }
});
