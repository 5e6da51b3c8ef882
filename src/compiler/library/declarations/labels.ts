// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1:name}` is a place to fill in of the protocol
import type { KindRow } from '../contract.ts';
import type { DeclarationRow } from './entry.ts';

export const labelKinds: Readonly<Record<'binary' | 'number', KindRow>> = {
  binary: { doc: 'A label of 0 and 1.', example: 'binary', parameters: {} },
  number: { doc: 'A label that is a number.', example: 'number', parameters: {} },
};

export const labels: DeclarationRow = {
  brief: 'What the model learns: clicks, ratings, seconds.',
  doc: 'What is predicted: `name : binary` or `name : number`. A task names one with `label =`. No tower may read a label.',
  example: 'labels {\n  clicked : binary\n  seconds : number\n}',
  snippet: ['labels { ${1:clicked}: ${2|binary,number|} }'],
  value: { is: 'kind', what: 'type of label', of: labelKinds },
  words: {
    binary: {
      what: 'type of label',
      brief: labelKinds.binary.doc,
      doc: 'A label that is 0 or 1, yes or no.',
      example: 'labels { clicked : binary }',
    },
  },
};
