// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol
import type { DeclarationRow } from './entry.ts';

/** The entries have the names of settings. */
export const search = {
  brief: 'What `tower tune` may change, and between which values.',
  doc: 'What `tower tune` may change: constants, declared blocks, entries of `train`, and arguments such as `dense.rate`. Each has choices or a range. `tower train` trains the model as it is written.',
  example:
    'search {\n  batch      : one of 256, 1024\n  dense.rate : log 1e-4 .. 1e-1\n  dense      : one of adam(rate: 1e-3), adagrad(rate: 0.05)\n}',
  snippet: ['search {', '  ${1:dense.rate} : ${2:log 1e-4 .. 1e-1}', '}'],
  words: {
    one: {
      what: 'word of a search',
      brief: 'Begins the choices: `one of 16, 32, 64`.',
      doc: 'Begins the choices of an entry of `search`, with commas between them: numbers, words, calls, or blocks.',
      example: 'search { batch : one of 256, 512, 1024 }',
    },
    of: {
      what: 'word of a search',
      brief: 'Begins the choices: `one of 16, 32, 64`.',
      doc: 'Follows `one` in an entry of `search`.',
      example: 'search { batch : one of 256, 512, 1024 }',
    },
    log: {
      what: 'word of a search',
      brief: 'The range is searched evenly in its logarithm.',
      doc: 'Before a range of `search`: values are drawn evenly in their logarithm, so that 1e-4 to 1e-3 is as likely as 1e-2 to 1e-1.',
      example: 'search { dense.rate : log 1e-4 .. 1e-1 }',
    },
  },
} satisfies DeclarationRow;
