/** Codes of requests to a trained model. */
import { row } from '../code_row.ts';

export const serving = {
  'filter-syntax': row<{ found: string; expected: string; advice?: string | undefined }>({
    severity: 'error',
    message: ({ found, expected }) => `the filter has ${found} where ${expected} is expected`,
    hint: ({ advice }) => advice ?? "write a condition such as `year >= 1990 and 'Drama' in genres`",
    means:
      'A filter compares columns of the items with values, and joins comparisons by `and`, `or`, `not` and parentheses. The text cannot be read as one.',
    remedy: "Write a filter such as `year >= 1990 and 'Drama' in genres` or `not (country in ('NL', 'BE'))`.",
  }),

  'filter-type': row<{ what: string; reason: string; advice: string }>({
    severity: 'error',
    message: ({ what, reason }) => `${what} ${reason}`,
    hint: ({ advice }) => advice,
    means:
      "The two sides of a comparison have different types, or the comparison is not one for their type. Numbers and texts are compared by `=`, `!=`, `<`, `<=`, `>`, `>=` and `in`. A list is searched by `in`: `'Drama' in genres`.",
    remedy: 'Compare the column with a value of its type.',
  }),

  'request-value': row<{ entry: string; reason: string; advice: string }>({
    severity: 'error',
    message: ({ entry, reason }) => `\`${entry}\` of the request ${reason}`,
    hint: ({ advice }) => advice,
    means: 'A request has an entry with a value that has no meaning there, so there is no answer to it.',
    remedy: 'Correct the value of the entry that the message names.',
  }),
} as const;
