/** Settings of strangers: any path and any value gives a model or errors, and no exception. */
import { expect, it } from 'vitest';
import { printModel } from '../../../../src/compiler/model/print_model.ts';
import fc from '../../../fast_check.ts';
import { checkText, model } from '../check_text.ts';

const text = model({
  before: 'let width = 8\nblock encoder = mlp(width, 4)',
  user: 'user_id -> flatten -> encoder',
  item: 'movie_id -> flatten -> dense(4)',
  after: 'train { dense = adam(rate: 1e-2), stop = recall(50, patience: 3) }',
});

const words = ['features', 'user_id', 'dim', 'task', 'watch', 'loss', 'train', 'dense', 'rate', 'width', 'encoder'];
const signs = ['(', ')', '{', '}', ',', ':', '->', '"', '//', '\n', '2', '-1', '1e999', '🎬', '\0', '__proto__'];
const piece = fc.oneof(fc.constantFrom(...words, ...signs), fc.string({ unit: 'binary', maxLength: 4 }));
const path = fc.array(fc.oneof(fc.constantFrom(...words), piece), { maxLength: 4 }).map((parts) => parts.join('.'));
const value = fc.oneof(
  fc.array(piece, { maxLength: 8 }).map((parts) => parts.join(' ')),
  fc.double(),
);

it('gives a model or errors for any paths and values, and the file as it was without them', () => {
  const before = printModel(checkText(text).model!);
  fc.assert(
    fc.property(fc.dictionary(path, value, { minKeys: 1, maxKeys: 2 }), (settings) => {
      const { diagnostics, model: set } = checkText(text, { settings });
      const errors = diagnostics.filter(({ severity }) => severity === 'error');
      if (errors.length === 0) expect(printModel(set!)).toContain('model');
      for (const { message } of errors) expect(message).not.toBe('');
    }),
    { numRuns: 300 },
  );
  expect(printModel(checkText(text).model!)).toBe(before);
});
