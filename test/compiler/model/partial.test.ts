/** One mistake of syntax does not hide what is certain elsewhere, and makes nothing wrong that is not. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { makeSource } from '../../../src/base/text/source.ts';
import { checkSource } from '../../../src/compiler/pipeline.ts';

const valid = readFileSync('models/two_tower.tower', 'utf8');

/** Codes of the errors after the replacements, in order. */
function codes(...replaced: readonly (readonly [RegExp, string])[]): string[] {
  let text = valid;
  for (const [right, wrong] of replaced) {
    expect(text).toMatch(right);
    text = text.replace(right, wrong);
  }
  const source = makeSource('a.tower', text);
  return checkSource(source)
    .diagnostics.filter(({ severity }) => severity === 'error')
    .map(({ code, at }) => `${code} ${at ? source.text.slice(at.start, at.end) : ''}`);
}

const unread = [/stop {2}= .*/, 'stop = recall$50'] as const;
const at = 'unexpected-character $';

it('library words and entries are judged all the same', () => {
  expect(codes(unread)).toEqual([at]);
  expect(codes(unread, [/softmax\(.*/, 'sampled_softmax'])).toEqual([at, 'unknown-kind sampled_softmax']);
  expect(codes(unread, [/dense = adam/, 'optimizer = adam'])).toEqual([at, 'unknown-entry optimizer']);
  expect(codes(unread, [/cosine\(user, item\)/, 'euclid(user, item)'])).toEqual([at, 'unknown-kind euclid']);
  expect(codes(unread, [/-> mlp\(128, 64\)/, '-> perceiver(64)'])).toEqual([at, 'unknown-kind perceiver']);
});

it('names are judged unless the part that is unread may declare them', () => {
  expect(codes(unread, [/tower user\(profile\)/, 'tower user(zebra)'])[1]).toBe('unknown-name zebra');
  // A feature whose name is missing may be the one that the group names.
  expect(codes([/history {2}:/, ':'])).toHaveLength(1);
  // The feature that cannot be read is declared by its name.
  expect(codes([/history {2}: list\(/, 'history  : list((('])).toHaveLength(1);
  // A group that cannot be read declares no tower.
  expect(codes([/group profile =/, 'group profile = = ='], [/cosine\(user/, 'cosine(zebra'])).toContain(
    'unknown-name zebra',
  );
});

it('shapes of a tower are judged whatever is wrong elsewhere in the model', () => {
  const shape = 'shape-mismatch gru(8)';
  const gru = [/profile -> flatten -> mlp\(128, 64\)/, 'profile -> flatten -> gru(8)'] as const;
  expect(codes(gru)).toEqual([shape]);
  expect(codes(gru, [/softmax\(/, 'softmx('])).toEqual([shape, 'unknown-kind softmx']);
  expect(codes(gru, [/softmax\(.*/, 'bce'])).toContain(shape);
  expect(codes(gru, [/movie -> flatten/, 'movie -> flaten'])).toEqual([shape, 'unknown-kind flaten']);
});
