import { expect, expectTypeOf, test } from 'vitest';
import type { Arguments } from '../../../src/compiler/library/contract.ts';
import {
  choice,
  feature,
  flag,
  integer,
  kind,
  name,
  number,
  numbers,
  rest,
  text,
} from '../../../src/compiler/library/parameters.ts';

const parameters = {
  units: rest(integer({ min: 1, required: true, doc: 'Widths.' })),
  rate: number({ above: 0, below: 1, doc: 'A share.', default: 0.5 }),
  hash: integer({ min: 1, doc: 'Perhaps.' }),
  pool: choice(['mean', 'sum'], { doc: 'How.', default: 'mean', positional: true }),
  in_batch: flag({ doc: 'Whether.' }),
  word: text({ doc: 'A word.' }),
  cuts: numbers({ ascending: true, doc: 'Where.' }),
  of: name('feature', { required: true, doc: 'Which.' }),
  element: feature({ doc: 'What.' }),
  negatives: kind(
    { sampled: { doc: '', example: 'sampled(4)', parameters: { n: integer({ required: true, doc: 'How many.' }) } } },
    { doc: 'Whence.' },
  ),
};

test('arguments have the types of their parameters', () => {
  type Given = Arguments<typeof parameters>;
  expectTypeOf<Given['units']>().toEqualTypeOf<readonly number[]>();
  expectTypeOf<Given['rate']>().toEqualTypeOf<number>();
  expectTypeOf<Given['hash']>().toEqualTypeOf<number | undefined>();
  expectTypeOf<Given['pool']>().toEqualTypeOf<'mean' | 'sum'>();
  expectTypeOf<Given['in_batch']>().toEqualTypeOf<boolean>();
  expectTypeOf<Given['word']>().toEqualTypeOf<string | undefined>();
  expectTypeOf<Given['cuts']>().toEqualTypeOf<readonly number[] | undefined>();
  expectTypeOf<Given['of']>().toEqualTypeOf<string>();
  expectTypeOf<NonNullable<Given['negatives']>['arguments']['n']>().toEqualTypeOf<number>();
  expectTypeOf<NonNullable<Given['negatives']>['kind']>().toEqualTypeOf<'sampled'>();
});

test('a parameter says what it may be, and nothing that was not given', () => {
  expect(parameters.rate).toEqual({ type: { is: 'number', above: 0, below: 1 }, doc: 'A share.', default: 0.5 });
  expect(parameters.hash).toEqual({ type: { is: 'integer', min: 1 }, doc: 'Perhaps.' });
  expect(parameters.units).toEqual({
    type: { is: 'integer', min: 1 },
    doc: 'Widths.',
    positional: true,
    rest: true,
    required: true,
  });
  expect(parameters.in_batch).toEqual({ type: { is: 'flag' }, doc: 'Whether.', default: false, positional: true });
  expect(parameters.cuts.type).toEqual({ is: 'numbers', ascending: true });
});
