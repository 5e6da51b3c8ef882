// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol
import type { DeclarationRow } from './entry.ts';

export const constant: DeclarationRow = {
  brief: 'A constant, for any place that takes a number.',
  doc: 'A constant: a number with a name, for any place that takes a number. `--set width=128` gives it another value for one run.',
  example: 'let width = 64',
  snippet: ['let ${1:width} = ${2:64}'],
  value: { is: 'number' },
};
