/** Listed, hardest and queued negatives against numbers that PyTorch computed: test/fixtures/negatives.py makes them. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { evaluateGraph } from '../../../../src/graph/evaluate.ts';
import { flat, floatsOf, type Nested, shapeOf } from '../../../fixtures/fixtures.ts';
import { checkText, found } from '../../model/check_text.ts';
import { expectClose, integers, smallModel } from '../support.ts';
import { lossGraph } from './support.ts';

interface Case {
  readonly name: string;
  readonly kind: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, Nested>>;
  readonly loss: number;
  readonly gradients: Readonly<Record<string, Nested>>;
}

const { cases } = JSON.parse(readFileSync('test/fixtures/negatives.json', 'utf8')) as {
  readonly cases: readonly Case[];
};

test.each(cases.map((each) => [`${each.kind}: ${each.name}`, each] as const))('%s, as PyTorch has it', (_, each) => {
  const width = shapeOf(each.inputs.query!)[1]!;
  const { graph, raw } = lossGraph({ kind: each.kind, arguments: each.arguments, width, weighted: true });
  for (const some of [raw, graph]) {
    const given = Object.fromEntries(
      some.inputs.map(({ name, node }) => {
        const value = each.inputs[name];
        expect(value, name).toBeDefined();
        const whole = some.nodes[node]!.type.dtype === 'int32';
        return [name, whole ? integers(shapeOf(value!), flat(value!)) : floatsOf(value!)];
      }),
    );
    const { outputs } = evaluateGraph(some, given, {});
    expectClose(outputs.loss!.data, [each.loss], 1e-5);
    for (const [input, gradient] of Object.entries(each.gradients)) {
      expectClose(outputs[`gradient:${input}`]!.data, flat(gradient), 1e-5);
    }
  }
});

describe('arguments that do not go together', () => {
  const errors = (loss: string, tried = 'list(video_id, max: 5)'): string[] =>
    found(checkText(smallModel({ features: tried, task: `loss = ${loss}` }))).filter(
      (code) => !code.startsWith('few-negatives'),
    );
  test.each([
    ['softmax(negatives: listed(tried), temperature: 0.1)', []],
    ['softmax(in_batch, negatives: listed(tried, 3), temperature: 0.1, correction: frequency)', []],
    ['softmax(negatives: listed(about), temperature: 0.1)', ['arguments-conflict']],
    ['softmax(negatives: listed(video_id), temperature: 0.1)', ['arguments-conflict']],
    ['softmax(negatives: listed(tryed), temperature: 0.1)', ['unknown-name']],
    ['softmax(negatives: listed(tried), temperature: 0.1, correction: frequency)', ['arguments-conflict']],
    ['softmax(negatives: listed(tried), temperature: 0.1, accidental_hits: keep)', ['arguments-conflict']],
    ['bpr(negatives: listed(tried), scale: 10)', []],
    ['hinge(negatives: mined(2))', []],
    ['ccl(negatives: listed(tried))', []],
    ['softmax(in_batch, negatives: mined(4, users: 100), temperature: 0.1)', []],
    ['softmax(in_batch, hardest: 4, gap: 0.1, temperature: 0.1)', []],
    ['softmax(sampled(64, shared), hardest: 4, temperature: 0.1)', []],
    ['softmax(in_batch, gap: 0.1, temperature: 0.1)', ['arguments-conflict']],
    ['bpr(gap: 0.1, scale: 10)', ['arguments-conflict']],
    ['softmax(in_batch, hardest: 4, temperature: 0.1, correction: frequency)', ['arguments-conflict']],
    ['softmax(all, hardest: 4, temperature: 0.1)', ['arguments-conflict']],
    ['softmax(all, queue: batches(2), temperature: 0.1)', ['arguments-conflict']],
    ['softmax(in_batch, queue: batches(2, after: 10), temperature: 0.1, correction: streaming)', []],
    ['softmax(negatives: sampled(4), queue: batches(2), temperature: 0.1)', ['arguments-conflict']],
    ['softmax(in_batch, queue: batches(0), temperature: 0.1)', ['out-of-range']],
  ])('%s', (loss, codes) => expect(errors(loss).map((each) => each.replace(/:.*/, ''))).toEqual(codes));
});
