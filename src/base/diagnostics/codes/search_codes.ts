/** Codes of `search`. */
import { row } from '../wording.ts';

export const search = {
  'empty-range': row<{ of: string; from: number; to: number }>({
    message: ({ of, from, to }) =>
      from === to
        ? `the range of \`${of}\` has one value, ${from}`
        : `the range of \`${of}\` goes down, from ${from} to ${to}`,
    hint: ({ from, to }) =>
      from === to ? 'remove the entry, or write a wider range' : 'write the smaller number first',
  }),

  'log-range': row<{ of: string; from: number }>({
    message: ({ of, from }) => `the range of \`${of}\` is of logarithms, and begins at ${from}`,
    hint: 'begin the range above 0, or remove `log`',
  }),

  'not-searchable': row<{ name: string; reason: string }>({
    message: ({ name, reason }) => `\`${name}\` cannot be searched: ${reason}`,
    hint: 'remove the entry',
  }),

  'search-choice': row<{ name: string; value: string; message: string }>({
    message: ({ name, value, message }) => `with \`${name}\` as \`${value}\`, ${message}`,
    hint: 'remove the choice, or change the model so that it fits',
  }),
} as const;
