/** Rules about how large a score is, and about losses that compare with nothing. */
import { describe, expect, it } from 'vitest';
import { applyEdits } from '../../../../src/base/diagnostics/fixes.ts';
import { checkText, found, model } from '../check_text.ts';

const task = (loss: string, score = 'cosine(user, item)') => model({ task: `score = ${score}, loss = ${loss}` });
const codes = (text: string) => checkText(text).diagnostics.map(({ code }) => code);

describe('a softmax over a cosine', () => {
  it.each([
    ['softmax', 'softmax(temperature: 0.1)'],
    ['softmax()', 'softmax(temperature: 0.1)'],
    ['softmax(in_batch)', 'softmax(in_batch, temperature: 0.1)'],
    ['softmax(negatives: sampled(4))', 'softmax(negatives: sampled(4), temperature: 0.1)'],
    ['listwise', 'listwise(temperature: 0.1)'],
    ['bpr(in_batch)', 'bpr(in_batch, scale: 10)'],
  ])('%s warns where nothing stretches it, and its fix does', (loss, fixed) => {
    const { diagnostics, file } = checkText(task(loss));
    expect(diagnostics.map(({ code, severity }) => [code, severity])).toEqual([['temperature-extreme', 'warning']]);
    const text = applyEdits(file.span.source, diagnostics[0]!.fixes[0]!);
    expect(text).toBe(task(fixed));
    expect(codes(text)).toEqual([]);
  });
  it('warns of a temperature of 1 that is written, at its place', () => {
    expect(found(checkText(task('softmax(in_batch, temperature: 1)')))).toEqual([
      'temperature-extreme: temperature: 1',
    ]);
  });
  it.each([
    ['softmax(in_batch)', 'cosine(user, item) / 0.1'],
    ['softmax(in_batch)', 'dot(user, item)'],
    ['hinge(in_batch)', 'cosine(user, item)'],
    ['bpr(in_batch)', 'dot(user, item)'],
  ])('%s of %s is left alone', (loss, score) => {
    expect(codes(task(loss, score))).toEqual([]);
  });
});

describe('a loss over other items', () => {
  it.each(['softmax', 'bpr', 'hinge'])('%s(in_batch: false) names no negatives', (loss) => {
    const text = task(`${loss}(in_batch: false)`, 'dot(user, item)');
    expect(found(checkText(text))).toEqual(['arguments-conflict: in_batch: false']);
    expect(codes(task(`${loss}(in_batch: false, negatives: sampled(4))`, 'dot(user, item)'))).toEqual([]);
  });
  it('says how a word of several is written that is given as yes or no', () => {
    const [one] = checkText(model({ user: 'user_id -> dense(4, relu: true)' })).diagnostics;
    expect(one).toMatchObject({ code: 'unknown-argument', hint: 'write `activation: relu`' });
  });
});

describe('weights that leave nothing', () => {
  it.each([
    ['score = cosine(user, item) - cosine(user, item), loss = softmax', '', 'not-a-score'],
    ['score = 0 * cosine(user, item), loss = softmax', '', 'not-a-score'],
    ['score = dot(user, item), loss = softmax', 'retrieve = 0 * watch', 'retrieve-empty'],
    ['score = dot(user, item), loss = softmax', 'objective = 0 * watch', 'objective-weight'],
  ])('%s %s', (task, after, code) => {
    expect(codes(model({ task, after }))).toEqual([code]);
  });
});
