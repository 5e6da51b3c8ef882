import { describe, expect, it } from 'vitest';
import { smallModel } from '../../../../src/base/diagnostics/small_model.ts';
import { makeSource } from '../../../../src/base/text/source.ts';
import { checkSource } from '../../../../src/compiler/pipeline.ts';

const codesOf = (loss: string, targets: string): readonly string[] =>
  checkSource(
    makeSource(
      'test.tower',
      smallModel({
        features: 'history: list(movie_id, max: 10, pool: none)',
        userInputs: 'history',
        user: 'channel main = history -> gru(16)',
        item: 'channel main = movie_id -> dense(16)',
        tasks: `task watch { score = cosine(user, item), loss = ${loss} }`,
        after: `train { targets = ${targets} }`,
      }),
    ),
  ).diagnostics.flatMap(({ code }) => (code === 'own-negatives' ? [code] : []));

describe('negatives of the batch', () => {
  it.each([
    'softmax(in_batch, temperature: 0.1)',
    'softmax(temperature: 0.1)',
    'softmax(in_batch, sampled(64), temperature: 0.1)',
  ])('are the events of the same user where the targets are positions: %s', (loss) => {
    expect(codesOf(loss, 'positions')).toEqual(['own-negatives']);
    expect(codesOf(loss, 'events')).toEqual([]);
  });

  it.each(['softmax(sampled(64), temperature: 0.1)', 'softmax(all, temperature: 0.1)'])(
    'are not asked for by %s',
    (loss) => {
      expect(codesOf(loss, 'positions')).toEqual([]);
    },
  );
});
