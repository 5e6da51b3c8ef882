/** Codes of `search`. */
import { row } from '../code_row.ts';
import { smallModel } from '../small_model.ts';

const searched = (entry: string): string =>
  smallModel({
    before: 'let width = 16\nblock deep = mlp(32, width)\nblock wide = mlp(64, width)\nblock body = deep',
    user: 'channel main = user_id -> flatten -> body',
    item: 'channel main = movie_id -> flatten -> wide',
    after: `search { ${entry} }`,
  });

export const search = {
  'empty-range': row<{ of: string; from: number; to: number }>({
    severity: 'error',
    message: ({ of, from, to }) =>
      from === to
        ? `the range of \`${of}\` has one value, ${from}`
        : `the range of \`${of}\` goes down, from ${from} to ${to}`,
    hint: ({ from, to }) =>
      from === to ? 'remove the entry, or write a wider range' : 'write the smaller number first',
    means: 'A range of `search` goes from a number to a larger one. This range has nothing to choose from.',
    wrong: searched('dense.rate: log 1e-1 .. 1e-4'),
    right: searched('dense.rate: log 1e-4 .. 1e-1'),
  }),

  'log-range': row<{ of: string; from: number }>({
    severity: 'error',
    message: ({ of, from }) => `the range of \`${of}\` is of logarithms, and begins at ${from}`,
    hint: () => 'begin the range above 0, or remove `log`',
    means: 'With `log`, values are drawn evenly in their logarithm. Zero and negative numbers have none.',
    wrong: searched('dense.rate: log 0 .. 0.1'),
    right: searched('dense.rate: log 1e-4 .. 0.1'),
  }),

  'not-searchable': row<{ name: string; reason: string }>({
    severity: 'error',
    message: ({ name, reason }) => `\`${name}\` cannot be searched: ${reason}`,
    hint: () => 'remove the entry',
    means:
      'Trials of a search are compared by one metric of the validation part, at the same seed. A search that changes the metric or the seed would choose by luck, or compare figures of two types. Only `stop.patience` of `stop` can be searched.',
    wrong: searched('seed: 1 .. 100'),
    right: searched('epochs: 5 .. 20'),
  }),

  'search-choice': row<{ name: string; value: string; message: string }>({
    severity: 'error',
    message: ({ name, value, message }) => `with \`${name}\` as \`${value}\`, ${message}`,
    hint: () => 'remove the choice, or change the model so that it fits',
    means:
      'A search tries each of its choices, and the ends of each range, in the model. The model with this value has an error, so a trial of it could not start. The note shows the place of the error.',
    wrong: searched('width: one of 8, 0'),
    right: searched('width: one of 8, 16'),
  }),
} as const;
